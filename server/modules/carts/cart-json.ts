import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import { AddressJson, idJson, InstantJson, MoneyJson, moneyJson, strict } from '../../platform/http/index.ts'
import { readRevisions } from '../../platform/revision.ts'
import type { Customers } from '../customers/index.ts'
import type { Channel } from '../merchant/index.ts'
import { promotionsJson, PromotionsJson } from '../pricing/index.ts'
import { readCart, type Cart } from './cart.ts'
import { coverCart } from './cover-cart.ts'
import { estimateCart, type CartEstimate, type EstimatedOption, type EstimateOutcome } from './estimate-cart.ts'
import type { GuestTokens } from './ports.ts'
import { FIRST_GROUP, type GroupChoice } from './price-sale.ts'
import { isHolding, type Quote } from './quote.ts'
import { readSellingWorld, type SellingRooms, type SellingWorld } from './selling-world.ts'
import { readStanding } from './read-standing.ts'

const DeliveryOptionJson = strict(
  {
    id: Type.String(),
    method: Type.Union([Type.Literal('ship'), Type.Literal('pickup')]),
    locationId: Type.Optional(idJson('location')),
    earliest: InstantJson,
    latest: InstantJson,
    price: MoneyJson,
  },
  { title: 'DeliveryOption' },
)

const LineMoneyJson = Type.Union([MoneyJson, Type.Null()], {
  description: 'Null while something keeps the cart from being priced; `problems` says what.',
})

const ProblemsJson = Type.Array(
  strict(
    {
      code: Type.Enum([
        'cart_empty',
        'sku_unknown',
        'price_missing',
        'amount_too_large',
        'address_missing',
        'address_not_served',
        'delivery_option_unknown',
      ]),
      skus: Type.Optional(Type.Array(Type.String())),
      group: Type.Optional(Type.Integer()),
      country: Type.Optional(Type.String()),
      deliveryOption: Type.Optional(Type.String()),
    },
    { title: 'CartProblem' },
  ),
  { description: 'Why the cart could not be ordered as it is, whether or not its goods are there; empty: it could.' },
)

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
          group: Type.Integer({ description: 'Number of the delivery group it is in.' }),
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
    problems: ProblemsJson,
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
    codes: Type.Array(Type.String(), { description: 'Promotion codes in the order in which they were named.' }),
    promotions: PromotionsJson,
    deliveryOption: Type.Union([Type.String(), Type.Null()]),
    deliveryOptions: Type.Array(DeliveryOptionJson, { description: 'Of the first group.' }),
    groups: Type.Optional(
      Type.Array(
        strict(
          {
            number: Type.Integer(),
            deliveryOption: Type.Union([Type.String(), Type.Null()]),
            shippingAddress: Type.Union([AddressJson, Type.Null()], {
              description: "The group's own; null: where the first group goes.",
            }),
            delivery: Type.Union([MoneyJson, Type.Null()], {
              description: 'What its delivery costs as chosen; null while that is not known.',
            }),
            deliveryOptions: Type.Array(DeliveryOptionJson),
          },
          { title: 'CartGroup' },
        ),
        { description: 'Every delivery group, once there is more than the first.' },
      ),
    ),
    quote: Type.Union(
      [
        strict(
          {
            total: MoneyJson,
            latest: Type.Union([InstantJson, Type.Null()], { description: 'When all of it will have come.' }),
            holdsGoods: Type.Boolean({ description: 'Whether the goods are kept for this cart until then.' }),
            expiresAt: InstantJson,
          },
          { title: 'Quote' },
        ),
        Type.Null(),
      ],
      { description: 'Price and promise that hold until `expiresAt`, as long as the cart stays as it is.' },
    ),
    email: Type.Union([Type.String(), Type.Null()]),
    shippingAddress: Type.Union([AddressJson, Type.Null()]),
    orderId: Type.Union([idJson('order'), Type.Null()]),
    expiresAt: InstantJson,
  },
  { title: 'Cart' },
)
export type CartJson = Static<typeof CartJson>

export interface RenderDeps {
  readonly db: Db
  readonly rooms: SellingRooms & { readonly customers: Customers }
  readonly tokens: GuestTokens
}

/**
 * The cart as its buyer sees it now: priced on today's prices, with the ways in which its groups could be delivered.
 * @returns null when there is none in the channel
 */
export async function renderCart(
  { db, rooms, tokens }: RenderDeps,
  channel: Channel,
  cartId: Id<'cart'>,
): Promise<CartJson | null> {
  const cart = await readCart({ source: db, catalog: rooms.catalog }, { cartId, channelId: channel.id })
  if (cart === null) return null
  const [revisions, { at }] = await Promise.all([readRevisions(db), db.clock()])
  const world = await readSellingWorld(rooms, db, { revisions, skus: cart.lines.map((each) => each.sku), at })
  const quote = cart.quote !== null && isHolding(cart.quote, { cartVersion: cart.version, at }) ? cart.quote : null
  const standing = await readStanding(rooms.customers, db, cart, { revisions, world })
  const outcome = await estimateCart({ source: db, sourcing: rooms.sourcing }, { ...cart, channel }, world, {
    standing,
    quote,
  })
  // What is sold no longer, or has no price any more, is told as a problem; a cart can always be read.
  const estimate = outcome.kind === 'estimated' ? outcome.estimate : null
  const [addresses, people] = await Promise.all([
    rooms.customers.readAddresses(
      db,
      cart.groups.flatMap(({ addressId }) => (addressId === null ? [] : [addressId])),
    ),
    rooms.customers.readPeople(db, cart.personId === null ? [] : [cart.personId]),
  ])
  const { currency } = cart
  const cover = await coverCart(
    db,
    { cardIds: cart.giftCardIds, channel, currency, at },
    estimate?.priced.totals.totalMinor ?? 0n,
  )
  const addressOf = (group: GroupChoice | undefined) => {
    const address = group?.addressId ? addresses.get(group.addressId)?.address : null
    return address ? withoutNulls(address) : null
  }
  const first = cart.groups.find(({ number }) => number === FIRST_GROUP)
  const groups = groupsJson(cart, estimate, addressOf)
  return {
    id: formatId('cart', cart.id),
    accessToken: tokens.makeAccessToken('cart', cart.id),
    version: cart.version,
    status: cart.status,
    currency: cart.currency,
    lines: linesJson(cart, estimate, world),
    totals: totalsJson(cart, estimate),
    problems: problemsOf(outcome),
    giftCards: cover.cards.map(({ id, last4, coveredMinor, unusable }) => ({
      id: formatId('giftCard', id),
      last4,
      covered: moneyJson({ minor: coveredMinor, currency }),
      unusable,
    })),
    due: moneyJson({ minor: cover.dueMinor, currency }),
    codes: [...cart.codes],
    promotions: promotionsJson(estimate?.priced ?? { applied: [], missed: [] }, currency),
    deliveryOption: first?.deliveryOption ?? null,
    deliveryOptions: optionsJson(cart.currency, estimate, FIRST_GROUP),
    ...(groups.length > 1 ? { groups } : {}),
    quote: quote && quoteJson(cart, quote),
    email: cart.personId === null ? null : (people.get(cart.personId)?.email ?? null),
    shippingAddress: addressOf(first),
    orderId: cart.orderId === null ? null : formatId('order', cart.orderId),
    expiresAt: formatInstant(cart.expiresAt),
  }
}

/** What ordering would refuse, by the codes of ordering. */
function problemsOf(outcome: EstimateOutcome): CartJson['problems'] {
  if (outcome.kind === 'refused') {
    const { refusal } = outcome
    return [refusal.code === 'amount_too_large' ? refusal : { ...refusal, skus: [...refusal.skus] }]
  }
  const { groups } = outcome.estimate
  if (groups.length === 0) return [{ code: 'cart_empty' }]
  return groups.flatMap(({ number: group, delivery }) =>
    delivery.kind === 'refused' ? [{ ...delivery.refusal, ...(groups.length > 1 ? { group } : {}) }] : [],
  )
}

function quoteJson({ currency }: Cart, { priced, groups, holdsGoods, expiresAt }: Quote) {
  const latest = groups.flatMap(({ promise }) => (promise === null ? [] : [promise.latest]))
  return {
    total: moneyJson({ minor: priced.totals.totalMinor, currency }),
    latest: latest.length === 0 ? null : formatInstant(Math.max(...latest) as Instant),
    holdsGoods,
    expiresAt: formatInstant(expiresAt),
  }
}

/** Every line, also while something keeps the cart from being priced: its buyer must be able to take it out. */
function linesJson(cart: Cart, estimate: CartEstimate | null, world: SellingWorld): CartJson['lines'] {
  return cart.lines.map(({ id, sku, group, quantity }, index) => {
    const price = estimate?.priced.lines[index]
    const amount = (minor: bigint | undefined) =>
      minor === undefined ? null : moneyJson({ minor, currency: cart.currency })
    return {
      id: formatId('cartLine', id),
      sku,
      group,
      title: world.offers.get(sku)?.title ?? sku,
      quantity,
      unitPrice: amount(price?.unitPriceMinor),
      discount: amount(price?.discountMinor),
      tax: amount(price?.taxMinor),
      total: amount(price?.totalMinor),
    }
  })
}

function totalsJson({ currency }: Cart, estimate: CartEstimate | null): CartJson['totals'] {
  const amount = (minor = 0n) => moneyJson({ minor, currency })
  const totals = estimate?.priced.totals
  return {
    items: amount(totals?.itemsMinor),
    discount: amount(totals?.discountMinor),
    delivery: amount(totals?.deliveryMinor),
    tax: amount(totals?.taxMinor),
    total: amount(totals?.totalMinor),
  }
}

/** The first group, those with lines, and those something was said of. */
function groupsJson(
  cart: Cart,
  estimate: CartEstimate | null,
  addressOf: (group: GroupChoice | undefined) => Static<typeof AddressJson> | null,
): NonNullable<CartJson['groups']> {
  const numbers = new Set([FIRST_GROUP, ...[...cart.groups, ...(estimate?.groups ?? [])].map(({ number }) => number)])
  return [...numbers]
    .sort((a, b) => a - b)
    .map((number) => {
      const said = cart.groups.find((group) => group.number === number)
      const delivery = estimate?.deliveries.find((each) => each.group === number)
      return {
        number,
        deliveryOption: said?.deliveryOption ?? null,
        shippingAddress: addressOf(said),
        delivery: delivery === undefined ? null : moneyJson({ minor: delivery.amountMinor, currency: cart.currency }),
        deliveryOptions: optionsJson(cart.currency, estimate, number),
      }
    })
}

function optionsJson(currency: CurrencyCode, estimate: CartEstimate | null, number: number) {
  const options: readonly EstimatedOption[] = estimate?.groups.find((group) => group.number === number)?.options ?? []
  return options.map(({ id, method, locationId, window, priceMinor }) => ({
    id,
    method,
    ...(locationId === null ? {} : { locationId: formatId('location', locationId) }),
    earliest: formatInstant(window.earliest),
    latest: formatInstant(window.latest),
    price: moneyJson({ minor: priceMinor, currency }),
  }))
}

/** The vault keeps what was not said as null; the API leaves it out. */
function withoutNulls(address: object): Static<typeof AddressJson> {
  return Object.fromEntries(Object.entries(address).filter(([, value]) => value !== null)) as Static<typeof AddressJson>
}
