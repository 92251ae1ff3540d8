import { newId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { addMs, SECOND_MS } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { checkAddress, tidyAddress, type Address, type AddressProblem, type Customers } from '../customers/index.ts'
import type { Channel } from '../merchant/index.ts'
import { LINES_PER_CART_MAX } from './cart.ts'
import {
  addCartUnits,
  insertCart,
  lockCarts,
  putCartGroups,
  readCartGroups,
  readCartLines,
  removeCartLine,
  removeCartLines,
  setCartLine,
  updateCart,
  type CartGroupRow,
  type CartRow,
} from './carts.sql.ts'
import { GIFT_CARDS_PER_CART_MAX } from './cover-cart.ts'
import { addCartGiftCard, readCartGiftCards, removeCartGiftCard } from './gift-cards.sql.ts'
import type { ReleaseGoods } from './ports.ts'
import { FIRST_GROUP } from './price-sale.ts'
import { deleteQuotes } from './quotes.sql.ts'

export const UNITS_PER_LINE_MAX = 1_000_000
/** One is usual, three are many; more are being tried out. */
export const CODES_PER_CART_MAX = 10

/** What a head may say of a cart; what is left out stays as it is. */
export interface CartChanges {
  readonly currency?: CurrencyCode | undefined
  /** Replaces all lines. */
  readonly lines?: readonly WantedUnits[] | undefined
  readonly addLines?: readonly WantedUnits[] | undefined
  readonly setLine?: { readonly id: Id<'cartLine'>; readonly quantity: number } | undefined
  readonly removeLine?: Id<'cartLine'> | undefined
  /** As `plainCode` writes them; replaces all. */
  readonly codes?: readonly string[] | undefined
  readonly addCode?: string | undefined
  readonly removeCode?: string | undefined
  readonly addGiftCard?: Id<'giftCard'> | undefined
  readonly removeGiftCard?: Id<'giftCard'> | undefined
  readonly email?: string | undefined
  readonly shippingAddress?: Address | undefined
  /** Of the first group. Null goes back to the cheapest way to ship. */
  readonly deliveryOption?: string | null | undefined
  /** Of further groups; those not named stay as they are. */
  readonly groups?: readonly GroupChanges[] | undefined
}

export interface WantedUnits {
  readonly variantId: Id<'variant'>
  readonly quantity: number
  readonly group: number
}

/** What a head may say of a group after the first; what is left out stays as it is. */
export interface GroupChanges {
  readonly number: number
  readonly deliveryOption?: string | null | undefined
  /** Null: where the first group goes. */
  readonly shippingAddress?: Address | null | undefined
}

export type EditCartRefusal =
  | { readonly code: 'order_exists'; readonly orderId: Id<'order'> | null }
  | { readonly code: 'cart_expired' }
  | { readonly code: 'cart_version'; readonly currentVersion: number }
  | { readonly code: 'too_many_lines'; readonly linesMax: number }
  | { readonly code: 'too_many_codes'; readonly codesMax: number }
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
  readonly releaseGoods: ReleaseGoods
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
  { customers, channel, customerId, releaseGoods }: EditCartDeps,
  {
    id,
    seenVersion,
    changes: typed,
  }: {
    readonly id: Id<'cart'>
    readonly seenVersion: number | null
    readonly changes: CartChanges
  },
): Promise<EditCartOutcome> {
  const changes = tidyPlaces(typed)
  const [cart] = await lockCarts(tx, [id])
  if (cart === undefined || cart.channel_id !== channel.id) return { kind: 'not_found' }
  const refusal = refuseEdit(cart, { seenVersion, changes, channel, at: tx.at })
  if (refusal !== null) return { kind: 'refused', refusal }

  // What was quoted was quoted for the cart as it was.
  const [quote] = await deleteQuotes(tx, [id])
  const heldIds = quote?.holds_goods ? (await readCartLines(tx, [id])).map((line) => line.id) : []
  const personId = await tellPerson(tx, customers, cart, { changes, customerId })
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
  const codes = changedCodes(cart, changes)
  if (codes === null) return { kind: 'not_found' }
  if (codes.length > CODES_PER_CART_MAX) {
    return { kind: 'refused', refusal: { code: 'too_many_codes', codesMax: CODES_PER_CART_MAX } }
  }
  updateCart(
    tx,
    { id, currency: changes.currency ?? cart.currency, person_id: personId, codes },
    addMs(tx.at, channel.cartTtlS * SECOND_MS),
  )
  // Last, because gates are: whoever wants these SKUs waits for nothing else of this edit.
  if (heldIds.length > 0) await releaseGoods(tx, [{ cartId: id, lineIds: heldIds }])
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
  const problems = addressesOf(changes).flatMap((address) => checkAddress(address))
  return problems.length === 0 ? null : { code: 'address_invalid', problems }
}

/** Taxes, prices and assortments go by region and postal code: nothing behind here sees them as they were typed. */
function tidyPlaces(typed: CartChanges): CartChanges {
  const { shippingAddress, groups } = typed
  return {
    ...typed,
    shippingAddress: shippingAddress && tidyAddress(shippingAddress),
    groups: groups?.map((group) => ({
      ...group,
      shippingAddress: group.shippingAddress && tidyAddress(group.shippingAddress),
    })),
  }
}

function addressesOf({ shippingAddress, groups = [] }: CartChanges): Address[] {
  return [shippingAddress, ...groups.map((group) => group.shippingAddress)].flatMap((address) => address ?? [])
}

/**
 * The buyer and where their goods go: into the vault, while the cart keeps ids and what taxes and delivery need.
 * The first group's address is taken for the buyer's own and lends a guest its name; those of further groups are not.
 */
async function tellPerson(
  tx: Tx,
  customers: Customers,
  cart: CartRow,
  { changes, customerId }: { readonly changes: CartChanges; readonly customerId: Id<'person'> | undefined },
): Promise<Id<'person'> | null> {
  const { email, shippingAddress, deliveryOption, groups = [] } = changes
  const isToldOf = email !== undefined || addressesOf(changes).length > 0
  const knownId = customerId ?? cart.person_id
  const personId = knownId ?? (isToldOf ? newId<'person'>() : null)
  let addressId: Id<'address'> | null = null
  if (personId !== null && knownId === null) {
    const [recorded] = customers.recordPeople(tx, [{ id: personId, kind: 'guest', email, address: shippingAddress }])
    addressId = recorded?.addressId ?? null
  } else if (personId !== null && customerId === undefined && (email !== undefined || shippingAddress !== undefined)) {
    const [changed] = await customers.changeGuests(tx, [{ id: personId, email, address: shippingAddress }])
    addressId = changed?.addressId ?? null
  }
  // Of the first group when it is an account's cart: what an account is called is not for a cart to change.
  const told: GroupChanges[] = [...groups]
  if (shippingAddress !== undefined || deliveryOption !== undefined) {
    told.push({ number: FIRST_GROUP, shippingAddress, deliveryOption })
  }
  if (told.length === 0) return personId
  const unkept = told.flatMap(({ number, shippingAddress: address }) =>
    !address || (number === FIRST_GROUP && addressId !== null) ? [] : [{ number, address }],
  )
  const addressIdByGroup = new Map<number, Id<'address'> | null>([[FIRST_GROUP, addressId]])
  if (personId !== null && unkept.length > 0) {
    const added = await (customerId === undefined
      ? customers.addAddresses(
          tx,
          unkept.map(({ address }) => ({ personId, address })),
        )
      : Promise.all(unkept.map(({ address }) => customers.keepAddress(tx, { personId, address }))))
    for (const [index, { number }] of unkept.entries()) addressIdByGroup.set(number, added[index] ?? null)
  }
  const before = new Map((await readCartGroups(tx, [cart.id])).map((group) => [group.number, group]))
  putCartGroups(
    tx,
    told.map((group) => changedGroup(cart.id, before.get(group.number), group, addressIdByGroup.get(group.number))),
  )
  return personId
}

function changedGroup(
  cartId: Id<'cart'>,
  before: CartGroupRow | undefined,
  { number, deliveryOption, shippingAddress }: GroupChanges,
  addressId: Id<'address'> | null = null,
): CartGroupRow {
  const option = deliveryOption === undefined ? (before?.delivery_option ?? null) : deliveryOption
  const group = { cart_id: cartId, number, delivery_option: option }
  if (shippingAddress === undefined && before !== undefined) return { ...before, ...group }
  return {
    ...group,
    address_id: shippingAddress ? addressId : null,
    ship_country: shippingAddress?.country ?? null,
    ship_region: shippingAddress?.region ?? null,
    // Empty where the country has none: null says that nothing was told.
    ship_postal_code: shippingAddress ? (shippingAddress.postalCode ?? '') : null,
  }
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

/** @returns null when a code that was to be taken out is not there */
function changedCodes(
  { codes: before }: CartRow,
  { codes = before, addCode, removeCode }: CartChanges,
): string[] | null {
  if (removeCode !== undefined && !codes.includes(removeCode)) return null
  const added = addCode === undefined ? codes : [...codes, addCode]
  return [...new Set(added)].filter((code) => code !== removeCode)
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

/** One statement may touch a line once: the same SKU twice in a group is one line with the sum. */
function mergeUnits(lines: readonly WantedUnits[]): WantedUnits[] {
  const merged = new Map<string, WantedUnits>()
  for (const line of lines) {
    const key = `${line.group} ${line.variantId}`
    merged.set(key, { ...line, quantity: line.quantity + (merged.get(key)?.quantity ?? 0) })
  }
  return [...merged.values()]
}
