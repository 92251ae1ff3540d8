import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { AddressJson, idJson, InstantJson, MoneyJson, moneyJson, strict } from '../../platform/http/index.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Channel } from '../merchant/index.ts'
import { readCart, type Cart } from './cart.ts'
import { coverCart } from './cover-cart.ts'
import { quoteCart, type Quote } from './quote-cart.ts'
import { readSellingWorld, type SellingWorld } from './selling-world.ts'
import type { CartsDeps } from './carts.http.ts'

const LineMoneyJson = Type.Union([MoneyJson, Type.Null()], {
  description: 'Null while something keeps the cart from being priced; ordering says what.',
})

const TotalsJson = strict({
  items: MoneyJson,
  discount: MoneyJson,
  delivery: MoneyJson,
  tax: MoneyJson,
  total: MoneyJson,
})
export const CartJson = strict(
  {
    id: idJson('cart'),
    accessToken: Type.String({
      description: 'Lets a guest read and order this cart; send it as `Waybill-Access-Token`.',
    }),
    version: Type.Integer(),
    status: Type.Union([Type.Literal('active'), Type.Literal('ordered'), Type.Literal('expired')]),
    currency: Type.String(),
    lines: Type.Array(
      strict(
        {
          id: idJson('cartLine'),
          sku: Type.String(),
          title: Type.String(),
          quantity: Type.Integer(),
          unitPrice: LineMoneyJson,
          discount: LineMoneyJson,
          tax: LineMoneyJson,
          total: LineMoneyJson,
        },
        { title: 'CartLine' },
      ),
    ),
    totals: TotalsJson,
    giftCards: Type.Array(
      strict(
        {
          id: idJson('giftCard'),
          last4: Type.String(),
          covered: MoneyJson,
          unusable: Type.Union([Type.Enum(['blocked', 'expired', 'other_currency', 'other_seller']), Type.Null()]),
        },
        { title: 'CartGiftCard' },
      ),
      {
        description:
          'What each would pay now, in the order in which they pay. Nothing is held of them before the order.',
      },
    ),
    due: MoneyJson,
    deliveryOption: Type.Union([Type.String(), Type.Null()]),
    deliveryOptions: Type.Array(
      strict(
        {
          id: Type.String(),
          method: Type.Union([Type.Literal('ship'), Type.Literal('pickup')]),
          locationId: Type.Optional(idJson('location')),
          earliest: InstantJson,
          latest: InstantJson,
          price: MoneyJson,
        },
        { title: 'DeliveryOption' },
      ),
    ),
    email: Type.Union([Type.String(), Type.Null()]),
    shippingAddress: Type.Union([AddressJson, Type.Null()]),
    orderId: Type.Union([idJson('order'), Type.Null()]),
    expiresAt: InstantJson,
  },
  { title: 'Cart' },
)
export type CartJson = Static<typeof CartJson>

/** The cart as its buyer sees it now: priced on today's prices, with the ways in which it could be delivered. */
export async function renderCart(deps: CartsDeps, channel: Channel, cartId: Id<'cart'>): Promise<CartJson | null> {
  const { db, rooms, tokens } = deps
  const cart = await readCart({ source: db, catalog: rooms.catalog }, { cartId, channelId: channel.id })
  if (cart === null) return null
  const [revisions, { at }] = await Promise.all([readRevisions(db), db.clock()])
  const world = await readSellingWorld(rooms, db, { revisions, skus: cart.lines.map((each) => each.sku), at })
  const outcome = await quoteCart({ source: db, sourcing: rooms.sourcing }, { channel, ...cart }, world)
  // What is sold no longer, or has no price any more, is told when ordering; a cart can always be read.
  const quote = outcome.kind === 'quoted' ? outcome.quote : null
  const [addresses, people] = await Promise.all([
    rooms.customers.readAddresses(db, cart.addressId === null ? [] : [cart.addressId]),
    rooms.customers.readPeople(db, cart.personId === null ? [] : [cart.personId]),
  ])
  const { currency } = cart
  const cover = await coverCart(
    db,
    { cardIds: cart.giftCardIds, channel, currency, at },
    quote?.priced.totals.totalMinor ?? 0n,
  )
  const address = cart.addressId === null ? null : (addresses.get(cart.addressId)?.address ?? null)
  return {
    id: formatId('cart', cart.id),
    accessToken: tokens.makeAccessToken('cart', cart.id),
    version: cart.version,
    status: cart.status,
    currency: cart.currency,
    lines: linesJson(cart, quote, world),
    totals: totalsJson(cart, quote),
    giftCards: cover.cards.map(({ id, last4, coveredMinor, unusable }) => ({
      id: formatId('giftCard', id),
      last4,
      covered: moneyJson({ minor: coveredMinor, currency }),
      unusable,
    })),
    due: moneyJson({ minor: cover.dueMinor, currency }),
    deliveryOption: cart.deliveryOption,
    deliveryOptions: (quote?.options ?? []).map(({ id, method, locationId, window, priceMinor }) => ({
      id,
      method,
      ...(locationId === null ? {} : { locationId: formatId('location', locationId) }),
      earliest: formatInstant(window.earliest),
      latest: formatInstant(window.latest),
      price: moneyJson({ minor: priceMinor, currency: cart.currency }),
    })),
    email: cart.personId === null ? null : (people.get(cart.personId)?.email ?? null),
    shippingAddress: address === null ? null : withoutNulls(address),
    orderId: cart.orderId === null ? null : formatId('order', cart.orderId),
    expiresAt: formatInstant(cart.expiresAt),
  }
}

/** Every line, also while something keeps the cart from being priced: its buyer must be able to take it out. */
function linesJson(cart: Cart, quote: Quote | null, world: SellingWorld): CartJson['lines'] {
  return cart.lines.map(({ id, sku, quantity }, index) => {
    const price = quote?.priced.lines[index]
    const amount = (minor: bigint | undefined) =>
      minor === undefined ? null : moneyJson({ minor, currency: cart.currency })
    return {
      id: formatId('cartLine', id),
      sku,
      title: world.offers.get(sku)?.title ?? sku,
      quantity,
      unitPrice: amount(price?.unitPriceMinor),
      discount: amount(price?.discountMinor),
      tax: amount(price?.taxMinor),
      total: amount(price?.totalMinor),
    }
  })
}

function totalsJson({ currency }: Cart, quote: Quote | null): CartJson['totals'] {
  const amount = (minor = 0n) => moneyJson({ minor, currency })
  const totals = quote?.priced.totals
  return {
    items: amount(totals?.itemsMinor),
    discount: amount(totals?.discountMinor),
    delivery: amount(totals?.deliveryMinor),
    tax: amount(totals?.taxMinor),
    total: amount(totals?.totalMinor),
  }
}

/** The vault keeps what was not said as null; the API leaves it out. */
function withoutNulls(address: object): Static<typeof AddressJson> {
  return Object.fromEntries(Object.entries(address).filter(([, value]) => value !== null)) as Static<typeof AddressJson>
}
