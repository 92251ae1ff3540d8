import { formatId, newId, type Id } from '../../kernel/id.ts'
import { reasoned, type Reasoned } from '../../kernel/reasons.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import { readProducts, readSkus } from '../catalog/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { PricingRows, TaxRate } from './book.ts'
import {
  checkPriceList,
  checkTariff,
  checkTaxRate,
  type PricingSurroundings,
  type PromotionRefusal,
  type RowRefusal,
} from './check-pricing.ts'
import { checkPromotion, type PromotionHistory } from './check-promotion.ts'
import type { PricingPorts } from './ports.ts'
import type { PriceList } from './price-choice.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import { putPriceList, putTariff, putTaxRate, readPricing } from './pricing.sql.ts'
import type { Promotion } from './promotion.ts'
import { lockUsed, putPromotion } from './promotions.sql.ts'

/** What this room configures, by the kind of its ids. */
export interface PricingByKind {
  readonly priceList: PriceList
  readonly taxRate: TaxRate
  readonly deliveryTariff: DeliveryTariff
  readonly promotion: Promotion
}

export type PricingKind = keyof PricingByKind

/** What a new row may leave out. An id is brought only by who needs to know it beforehand, such as demo data. */
interface OptionalFields {
  priceList: 'id' | 'marketId' | 'country' | 'region' | 'locationId' | 'segmentId'
  taxRate: 'id' | 'validFrom' | 'validUntil'
  deliveryTariff: 'id'
  promotion: 'id'
}

/** What a new row says of itself. */
export type NewPricing<Kind extends PricingKind> = Omit<PricingByKind[Kind], OptionalFields[Kind] | 'version'> &
  Partial<Pick<PricingByKind[Kind], OptionalFields[Kind] & keyof PricingByKind[Kind]>> & {
    readonly id?: PricingByKind[Kind]['id']
  }

/** What a field is when a new row leaves it out. */
const absent = {
  priceList: { marketId: null, country: null, region: null, locationId: null, segmentId: null },
  taxRate: { validFrom: null, validUntil: null },
  deliveryTariff: {},
  promotion: {},
} as const satisfies { readonly [Kind in PricingKind]: Partial<PricingByKind[Kind]> }

/** What stays as it was made: it says what the amounts mean. */
interface FixedFields {
  priceList:
    | 'code'
    | 'channelId'
    | 'marketId'
    | 'country'
    | 'region'
    | 'locationId'
    | 'segmentId'
    | 'currency'
    | 'taxIncluded'
  taxRate: 'zoneId' | 'taxClass'
  deliveryTariff: 'code' | 'channelId' | 'method' | 'serviceId' | 'currency'
  promotion: never
}

export type PricingChanges<Kind extends PricingKind> = Partial<
  Omit<PricingByKind[Kind], 'id' | 'version' | FixedFields[Kind]>
>

/** Why a row may not be saved, told whole. */
export type SavePricingRefusal = Reasoned<RowRefusal> | PromotionRefusal

export type CreatePricingOutcome<Kind extends PricingKind> =
  | { readonly kind: 'created'; readonly row: PricingByKind[Kind] }
  | { readonly kind: 'refused'; readonly refusal: SavePricingRefusal }

export type EditPricingOutcome<Kind extends PricingKind> =
  | { readonly kind: 'edited'; readonly row: PricingByKind[Kind] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: SavePricingRefusal }

export interface SavePricingDeps extends PricingPorts {
  readonly merchant: Merchant
}

/**
 * Adds one price list, tax rate, delivery tariff or promotion.
 * Refused: nothing was written; the caller rolls back, or carries on and only a revision was used up.
 */
export async function createPricing<Kind extends PricingKind>(
  deps: SavePricingDeps,
  tx: Tx,
  { actor, kind, fields }: { readonly actor: string; readonly kind: Kind; readonly fields: NewPricing<Kind> },
): Promise<CreatePricingOutcome<Kind>> {
  const revision = await raiseRevision(tx, 'pricing')
  const surroundings = await look(deps, tx)
  // The compiler cannot see that a kind's fields, its id and a version are that kind's row.
  const row = { ...absent[kind], ...fields, id: fields.id ?? newId(), version: 1 } as unknown as PricingByKind[Kind]
  const refusal = await check[kind](row, surroundings, tx, null)
  if (refusal !== null) return { kind: 'refused', refusal }
  write(tx, { actor, kind, row, revision, fields: Object.keys(fields) })
  return { kind: 'created', row }
}

/** Changes fields of one row, if it still has the version that the editor saw. */
export async function editPricing<Kind extends PricingKind>(
  deps: SavePricingDeps,
  tx: Tx,
  {
    actor,
    kind,
    id,
    seenVersion,
    changes,
  }: {
    readonly actor: string
    readonly kind: Kind
    readonly id: PricingByKind[Kind]['id']
    readonly seenVersion: number
    readonly changes: PricingChanges<Kind>
  },
): Promise<EditPricingOutcome<Kind>> {
  const revision = await raiseRevision(tx, 'pricing')
  const surroundings = await look(deps, tx)
  const rows: readonly PricingByKind[Kind][] = rowsOf[kind](surroundings.others)
  const current = rows.find((row) => row.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const row = { ...current, ...changes, version: current.version + 1 }
  const others = without(surroundings.others, id)
  const refusal = await check[kind](row, { ...surroundings, others }, tx, current)
  if (refusal !== null) return { kind: 'refused', refusal }
  write(tx, { actor, kind, row, revision, fields: Object.keys(changes) })
  return { kind: 'edited', row }
}

async function look(deps: SavePricingDeps, tx: Tx): Promise<PricingSurroundings> {
  const [others, services, locations, segments, revisions] = await Promise.all([
    readPricing(tx),
    deps.shippingServices(tx),
    deps.locations(tx),
    deps.segments(tx),
    readRevisions(tx),
  ])
  return { others, services, locations, segments, merchant: await deps.merchant.bookAt(tx, revisions.merchant) }
}

function without({ priceLists, taxRates, tariffs, promotions }: PricingRows, rowId: string): PricingRows {
  const isOther = ({ id }: { readonly id: string }): boolean => id !== rowId
  return {
    priceLists: priceLists.filter(isOther),
    taxRates: taxRates.filter(isOther),
    tariffs: tariffs.filter(isOther),
    promotions: promotions.filter(isOther),
  }
}

const rowsOf: { readonly [Kind in PricingKind]: (rows: PricingRows) => readonly PricingByKind[Kind][] } = {
  priceList: ({ priceLists }) => priceLists,
  taxRate: ({ taxRates }) => taxRates,
  deliveryTariff: ({ tariffs }) => tariffs,
  promotion: ({ promotions }) => promotions,
}

const check: {
  readonly [Kind in PricingKind]: (
    row: PricingByKind[Kind],
    surroundings: PricingSurroundings,
    tx: Tx,
    before: PricingByKind[Kind] | null,
  ) => SavePricingRefusal | null | Promise<SavePricingRefusal | null>
} = {
  priceList: (row, surroundings) => reasoned(checkPriceList(row, surroundings)),
  taxRate: (row, surroundings) => reasoned(checkTaxRate(row, surroundings)),
  deliveryTariff: (row, surroundings) => reasoned(checkTariff(row, surroundings)),
  promotion: async (row, surroundings, tx, before) => {
    const reasons = checkPromotion(row, surroundings, await historyOf(tx, row, before))
    return reasons.length === 0 ? null : { code: 'promotion_invalid', reasons }
  },
}

/** What only the database knows of a promotion. Its uses are locked, so that none comes between check and write. */
async function historyOf(
  tx: Tx,
  { id, goods, effect }: Promotion,
  before: Promotion | null,
): Promise<PromotionHistory> {
  const parts = effect.kind === 'bundle_price' ? effect.parts.map(({ variantId }) => variantId) : []
  const variantIds: Id<'variant'>[] = [...goods.variantIds, ...parts]
  const [skus, products, used] = await Promise.all([
    readSkus(tx, variantIds),
    readProducts(tx, goods.productIds),
    before === null ? 0 : lockUsed(tx, id),
  ])
  const productIds = new Set(products.map((product) => product.id))
  return {
    before,
    used,
    unknownVariantIds: new Set(variantIds.filter((variantId) => !skus.has(variantId))),
    unknownProductIds: new Set(goods.productIds.filter((productId) => !productIds.has(productId))),
  }
}

const put: { readonly [Kind in PricingKind]: (tx: Tx, row: PricingByKind[Kind], revision: bigint) => void } = {
  priceList: putPriceList,
  taxRate: putTaxRate,
  deliveryTariff: putTariff,
  promotion: putPromotion,
}

/** The words of a kind in event types and audit actions. */
const wordByKind = {
  priceList: 'price_list',
  taxRate: 'tax_rate',
  deliveryTariff: 'delivery_tariff',
  promotion: 'promotion',
} as const satisfies Record<PricingKind, string>

function write<Kind extends PricingKind>(
  tx: Tx,
  {
    actor,
    kind,
    row,
    revision,
    fields,
  }: {
    readonly actor: string
    readonly kind: Kind
    readonly row: PricingByKind[Kind]
    readonly revision: bigint
    readonly fields: readonly string[]
  },
): void {
  put[kind](tx, row, revision)
  const word = wordByKind[kind]
  const action = `${word}.${row.version === 1 ? 'created' : 'edited'}`
  const id = formatId<PricingKind>(kind, row.id)
  appendEvents(tx, [
    {
      type: action,
      aggregateKind: word,
      aggregateId: row.id,
      version: row.version,
      data: { id, fields },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields } })
}
