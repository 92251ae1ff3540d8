import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Inventory } from '../inventory/index.ts'
import { createConfiguration, type Channel, type LegalEntity, type Merchant } from '../merchant/index.ts'
import type { Pricing } from '../pricing/index.ts'
import { expectDone } from './expect-done.ts'
import { GBP, type RetailTarget } from './plan-retail-invoice.ts'
import type { JoinNetwork } from './ports.ts'

/** In the audit log, and as the source of stock commands. */
export const IMPORT_ACTOR = 'import'

/** Codes of what the import makes for itself. */
export const retailTarget: RetailTarget = { channel: 'online-retail', location: 'online-retail-london' }
const PRICE_LIST = 'online-retail'

const country = 'GB'
const timeZone = 'Europe/London'

/** Where the orders of the file belong. */
export interface RetailShop {
  readonly channel: Channel
  readonly priceListId: Id<'priceList'>
}

export type PreparedShop =
  | { readonly kind: 'ready'; readonly shop: RetailShop }
  /** Something of ours is there already and not what the orders need; the reason is for a person. */
  | { readonly kind: 'unfit'; readonly reason: string }

export interface ShopDeps {
  readonly db: Db
  readonly merchant: Merchant
  readonly pricing: Pick<Pricing, 'currentBook' | 'createPricing'>
  readonly inventory: Pick<Inventory, 'currentLocations' | 'createLocation'>
  readonly joinNetwork: JoinNetwork
}

/**
 * Makes what the orders need and is not there: a British legal entity, a trusted channel in pounds, a price list of its
 * own, and a store in London from which goods are carried out. What is there stays as the merchant has it.
 */
export async function prepareRetailShop(deps: ShopDeps): Promise<PreparedShop> {
  const { db, merchant } = deps
  const before = await merchant.currentBook()
  const channelBefore = before.channelByCode.get(retailTarget.channel)
  if (channelBefore === undefined) await db.inTransaction((tx) => createChannel(tx, before.rows.legalEntity))
  else if (!isFit(channelBefore)) {
    const reason = `the channel '${channelBefore.code}' is not a trusted one that imports in GBP with tax included`
    return { kind: 'unfit', reason }
  }
  const channel = must((await merchant.currentBook()).channelByCode.get(retailTarget.channel), 'the import’s channel')
  const isOpen = await openStore(deps, channel)
  if (!isOpen) return { kind: 'unfit', reason: `the location '${retailTarget.location}' is closed` }
  return { kind: 'ready', shop: { channel, priceListId: await findPriceList(deps, channel) } }
}

function isFit({ kind, trusted, taxIncluded, currencies }: Channel): boolean {
  return kind === 'import' && trusted && taxIncluded && currencies.includes(GBP)
}

async function createChannel(tx: Tx, legalEntities: readonly LegalEntity[]): Promise<void> {
  const channel = {
    code: retailTarget.channel,
    name: 'Online Retail (imported)',
    kind: 'import',
    marketId: null,
    legalEntityId: legalEntities.find(isBritish)?.id ?? (await createLegalEntity(tx)),
    currency: GBP,
    currencies: [GBP],
    locale: 'en-GB',
    timeZone,
    taxIncluded: true,
    trusted: true,
    // Nobody fills a cart or pays here: the shortest sensible terms.
    cartTtlS: 3_600,
    quoteTtlS: 900,
    claimsAt: 'order',
    paymentTtlS: 3_600,
    paymentCapS: 86_400,
    active: true,
  } as const
  const outcome = await createConfiguration(tx, { actor: IMPORT_ACTOR, kind: 'channel', fields: channel })
  expectDone(outcome.kind === 'created', 'channel', outcome)
}

function isBritish(entity: LegalEntity): boolean {
  return entity.country === country && entity.currency === GBP && entity.timeZone === timeZone
}

async function createLegalEntity(tx: Tx): Promise<Id<'legalEntity'>> {
  const fields = { code: 'online-retail', name: 'Online Retail (imported)', country, currency: GBP, timeZone }
  const outcome = await createConfiguration(tx, { actor: IMPORT_ACTOR, kind: 'legalEntity', fields })
  expectDone(outcome.kind === 'created', 'legal entity', outcome)
  return must(outcome.kind === 'created' ? outcome.row.id : null, 'a created legal entity')
}

/** @returns false when it is there and closed */
async function openStore({ db, inventory, joinNetwork }: ShopDeps, channel: Channel): Promise<boolean> {
  const known = (await inventory.currentLocations()).byCode.get(retailTarget.location)
  if (known !== undefined) return known.active
  const fields = {
    code: retailTarget.location,
    name: 'Online Retail, London',
    kind: 'store',
    legalEntityId: channel.legalEntityId,
    timeZone,
    country,
    region: null,
    city: 'London',
    postalCode: 'EC1A 1BB',
    latitude: 51.5202,
    longitude: -0.0979,
    active: true,
  } as const
  await db.inTransaction(async (tx) => {
    const outcome = await inventory.createLocation(tx, { actor: IMPORT_ACTOR, fields })
    expectDone(outcome.kind === 'created', 'location', outcome)
    if (outcome.kind === 'created') {
      await joinNetwork(tx, { locationId: outcome.location.id, channelId: channel.id })
    }
  })
  return true
}

async function findPriceList({ db, pricing }: ShopDeps, channel: Channel): Promise<Id<'priceList'>> {
  const known = (await pricing.currentBook()).priceLists.find(({ code }) => code === PRICE_LIST)
  if (known !== undefined) return known.id
  const fields = {
    code: PRICE_LIST,
    name: 'Online Retail (imported), with VAT',
    channelId: channel.id,
    currency: GBP,
    taxIncluded: true,
    priority: 0,
    validFrom: null,
    validUntil: null,
  } as const
  const outcome = await db.inTransaction((tx) =>
    pricing.createPricing(tx, { actor: IMPORT_ACTOR, kind: 'priceList', fields }),
  )
  expectDone(outcome.kind === 'created', 'price list', outcome)
  return must(outcome.kind === 'created' ? outcome.row.id : null, 'a created price list')
}
