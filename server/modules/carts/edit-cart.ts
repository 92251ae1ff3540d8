import { newId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { addMs, SECOND_MS } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { checkAddress, type Address, type AddressProblem, type Customers } from '../customers/index.ts'
import type { Channel } from '../merchant/index.ts'
import { LINES_PER_CART_MAX } from './cart.ts'
import {
  addCartUnits,
  insertCart,
  lockCarts,
  readCartLines,
  removeCartLine,
  removeCartLines,
  setCartLine,
  updateCart,
  type CartRow,
} from './carts.sql.ts'
import { GIFT_CARDS_PER_CART_MAX } from './cover-cart.ts'
import { addCartGiftCard, readCartGiftCards, removeCartGiftCard } from './gift-cards.sql.ts'

export const UNITS_PER_LINE_MAX = 1_000_000

/** What a head may say of a cart; what is left out stays as it is. */
export interface CartChanges {
  readonly currency?: CurrencyCode | undefined
  /** Replaces all lines. */
  readonly lines?: readonly WantedUnits[] | undefined
  readonly addLines?: readonly WantedUnits[] | undefined
  readonly setLine?: { readonly id: Id<'cartLine'>; readonly quantity: number } | undefined
  readonly removeLine?: Id<'cartLine'> | undefined
  readonly addGiftCard?: Id<'giftCard'> | undefined
  readonly removeGiftCard?: Id<'giftCard'> | undefined
  readonly email?: string | undefined
  readonly shippingAddress?: Address | undefined
  /** Null goes back to the cheapest way to ship. */
  readonly deliveryOption?: string | null | undefined
}

export interface WantedUnits {
  readonly variantId: Id<'variant'>
  readonly quantity: number
}

export type EditCartRefusal =
  | { readonly code: 'order_exists'; readonly orderId: Id<'order'> | null }
  | { readonly code: 'cart_expired' }
  | { readonly code: 'cart_version'; readonly currentVersion: number }
  | { readonly code: 'too_many_lines'; readonly linesMax: number }
  | { readonly code: 'too_many_gift_cards'; readonly giftCardsMax: number }
  | { readonly code: 'quantity_too_large'; readonly unitsMax: number }
  | { readonly code: 'currency_unknown'; readonly currencies: readonly string[] }
  | { readonly code: 'address_invalid'; readonly problems: readonly AddressProblem[] }

export type EditCartOutcome =
  | { readonly kind: 'edited' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'refused'; readonly refusal: EditCartRefusal }

export interface EditCartDeps {
  readonly customers: Customers
  readonly channel: Channel
  /** The signed-in customer at the head; the cart is theirs from then on. */
  readonly customerId?: Id<'person'> | undefined
}

/** Makes a cart and fills it in the same transaction. */
export async function createCart(
  tx: Tx,
  deps: EditCartDeps,
  { id, changes }: { readonly id: Id<'cart'>; readonly changes: CartChanges },
): Promise<EditCartOutcome> {
  const { channel } = deps
  const expiresAt = addMs(tx.at, channel.cartTtlS * SECOND_MS)
  insertCart(tx, { id, channelId: channel.id, currency: channel.currency, expiresAt })
  return editCart(tx, deps, { id, seenVersion: null, changes })
}

/** @param seenVersion  the version the head decided on; null when it did not say */
export async function editCart(
  tx: Tx,
  { customers, channel, customerId }: EditCartDeps,
  {
    id,
    seenVersion,
    changes,
  }: {
    readonly id: Id<'cart'>
    readonly seenVersion: number | null
    readonly changes: CartChanges
  },
): Promise<EditCartOutcome> {
  const [cart] = await lockCarts(tx, [id])
  if (cart === undefined || cart.channel_id !== channel.id) return { kind: 'not_found' }
  const refusal = refuseEdit(cart, { seenVersion, changes, channel, at: tx.at })
  if (refusal !== null) return { kind: 'refused', refusal }

  const person = await (customerId === undefined
    ? tellPerson(tx, customers, cart, changes)
    : tellCustomer(tx, customers, cart, { customerId, changes }))
  if (!(await writeLines(tx, id, changes))) return { kind: 'not_found' }
  const lines = await readCartLines(tx, [id])
  if (lines.length > LINES_PER_CART_MAX) {
    return { kind: 'refused', refusal: { code: 'too_many_lines', linesMax: LINES_PER_CART_MAX } }
  }
  if (lines.some((line) => line.quantity > UNITS_PER_LINE_MAX)) {
    return { kind: 'refused', refusal: { code: 'quantity_too_large', unitsMax: UNITS_PER_LINE_MAX } }
  }
  if (!(await writeGiftCards(tx, id, changes))) return { kind: 'not_found' }
  if (changes.addGiftCard !== undefined && (await readCartGiftCards(tx, id)).length > GIFT_CARDS_PER_CART_MAX) {
    return { kind: 'refused', refusal: { code: 'too_many_gift_cards', giftCardsMax: GIFT_CARDS_PER_CART_MAX } }
  }
  const { shippingAddress, deliveryOption } = changes
  updateCart(
    tx,
    {
      ...cart,
      ...person,
      currency: changes.currency ?? cart.currency,
      ship_country: shippingAddress?.country ?? cart.ship_country,
      ship_region: shippingAddress === undefined ? cart.ship_region : (shippingAddress.region ?? null),
      ship_postal_code: shippingAddress?.postalCode ?? cart.ship_postal_code,
      delivery_option: deliveryOption === undefined ? cart.delivery_option : deliveryOption,
    },
    addMs(tx.at, channel.cartTtlS * SECOND_MS),
  )
  return { kind: 'edited' }
}

function refuseEdit(
  cart: CartRow,
  {
    seenVersion,
    changes,
    channel,
    at,
  }: {
    readonly seenVersion: number | null
    readonly changes: CartChanges
    readonly channel: Channel
    readonly at: number
  },
): EditCartRefusal | null {
  if (cart.status === 'ordered') return { code: 'order_exists', orderId: cart.order_id }
  if (cart.status === 'expired' || cart.expires_at < at) return { code: 'cart_expired' }
  if (seenVersion !== null && seenVersion !== cart.version)
    return { code: 'cart_version', currentVersion: cart.version }
  if (changes.currency !== undefined && !channel.currencies.includes(changes.currency)) {
    return { code: 'currency_unknown', currencies: channel.currencies }
  }
  const problems = changes.shippingAddress === undefined ? [] : checkAddress(changes.shippingAddress)
  return problems.length === 0 ? null : { code: 'address_invalid', problems }
}

/** A signed-in customer is in the vault already, and their account's e-mail stands; an address is kept with it. */
async function tellCustomer(
  tx: Tx,
  customers: Customers,
  { address_id }: CartRow,
  { customerId, changes }: { readonly customerId: Id<'person'>; readonly changes: CartChanges },
): Promise<Pick<CartRow, 'person_id' | 'address_id'>> {
  const { shippingAddress: address } = changes
  const kept = address === undefined ? null : await customers.keepAddress(tx, { personId: customerId, address })
  return { person_id: customerId, address_id: kept ?? address_id }
}

/** The buyer goes into the vault; the cart keeps ids. */
async function tellPerson(
  tx: Tx,
  customers: Customers,
  cart: CartRow,
  { email, shippingAddress }: CartChanges,
): Promise<Pick<CartRow, 'person_id' | 'address_id'>> {
  const { person_id, address_id } = cart
  if (email === undefined && shippingAddress === undefined) return { person_id, address_id }
  if (person_id === null) {
    const id = newId<'person'>()
    const [recorded] = customers.recordPeople(tx, [{ id, kind: 'guest', email, address: shippingAddress }])
    return { person_id: id, address_id: recorded?.addressId ?? null }
  }
  const [changed] = await customers.changeGuests(tx, [{ id: person_id, email, address: shippingAddress }])
  return { person_id, address_id: changed?.addressId ?? address_id }
}

/** @returns false when a line that was named is not there */
async function writeLines(tx: Tx, cartId: Id<'cart'>, changes: CartChanges): Promise<boolean> {
  const { lines, addLines, setLine, removeLine } = changes
  if (lines !== undefined) removeCartLines(tx, cartId)
  const added = mergeUnits([...(lines ?? []), ...(addLines ?? [])])
  if (added.length > 0)
    addCartUnits(
      tx,
      cartId,
      added.map((line) => ({ id: newId<'cartLine'>(), ...line })),
    )
  if (setLine !== undefined && (await setCartLine(tx, cartId, setLine.id, setLine.quantity)) === 0) return false
  return removeLine === undefined || (await removeCartLine(tx, cartId, removeLine)) === 1
}

/** @returns false when a card that was named is not there */
async function writeGiftCards(
  tx: Tx,
  cartId: Id<'cart'>,
  { addGiftCard, removeGiftCard }: CartChanges,
): Promise<boolean> {
  if (addGiftCard !== undefined) addCartGiftCard(tx, cartId, addGiftCard)
  return removeGiftCard === undefined || (await removeCartGiftCard(tx, cartId, removeGiftCard)) === 1
}

/** One statement may touch a line once: the same SKU twice is one line with the sum. */
function mergeUnits(lines: readonly WantedUnits[]): WantedUnits[] {
  const units = new Map<Id<'variant'>, number>()
  for (const { variantId, quantity } of lines) units.set(variantId, (units.get(variantId) ?? 0) + quantity)
  return [...units].map(([variantId, quantity]) => ({ variantId, quantity }))
}
