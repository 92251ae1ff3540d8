import type { Id } from '../../kernel/id.ts'
import type { Db, Queryable, Tx } from '../../platform/db.ts'
import { readRevisions, RevisionedBook, RevisionedMap } from '../../platform/revision.ts'
import { buildBook, type PricingBook } from './book.ts'
import type { ListedPrice } from './price-choice.ts'
import { readPrices, readPricing, variantsRepricedSince } from './pricing.sql.ts'
import {
  createPricing,
  editPricing,
  type CreatePricingOutcome,
  type EditPricingOutcome,
  type NewPricing,
  type PricingByKind,
  type PricingChanges,
  type PricingKind,
  type SavePricingDeps,
} from './save-pricing.ts'
import { setPrices, type PriceEdit, type SetPricesOutcome } from './set-prices.ts'

/** What things cost. Reads answer what the database holds at `revision` of this room or later. */
export interface Pricing {
  /** Price lists, tax rates, delivery tariffs and promotions, kept whole in memory on every node. */
  bookAt(source: Queryable, revision: bigint): Promise<PricingBook>
  /** The book as the database holds it now: asks for the revision first. */
  currentBook(): Promise<PricingBook>
  /** Every price of variants, whatever the list; which one holds is for `choosePrice`. Without any: left out. */
  pricesAt(
    source: Queryable,
    revision: bigint,
    variantIds: Iterable<Id<'variant'>>,
  ): Promise<Map<Id<'variant'>, readonly ListedPrice[]>>
  createPricing<Kind extends PricingKind>(
    tx: Tx,
    command: { readonly actor: string; readonly kind: Kind; readonly fields: NewPricing<Kind> },
  ): Promise<CreatePricingOutcome<Kind>>
  editPricing<Kind extends PricingKind>(
    tx: Tx,
    command: {
      readonly actor: string
      readonly kind: Kind
      readonly id: PricingByKind[Kind]['id']
      readonly seenVersion: number
      readonly changes: PricingChanges<Kind>
    },
  ): Promise<EditPricingOutcome<Kind>>
  /** See `setPrices`: up to 1,000 rows a call. */
  setPrices(
    tx: Tx,
    command: { readonly actor: string; readonly priceListId: Id<'priceList'>; readonly edits: readonly PriceEdit[] },
  ): Promise<SetPricesOutcome>
}

export interface PricingDeps extends SavePricingDeps {
  readonly db: Db
  /** Variants whose prices a node keeps. */
  readonly variantsMax?: number
}

/** The prices of a variant on two lists take about 400 bytes. */
const VARIANTS_MAX = 50_000

export function openPricing({ db, variantsMax = VARIANTS_MAX, ...deps }: PricingDeps): Pricing {
  const books = new RevisionedBook(async (source: Queryable) => buildBook(await readPricing(source)))
  const prices = new RevisionedMap<Id<'variant'>, readonly ListedPrice[]>({
    entriesMax: variantsMax,
    changedSince: (source, revision) => variantsRepricedSince(source, revision),
    load: readPrices,
  })
  return {
    bookAt: (source, revision) => books.at(source, revision),
    currentBook: async () => books.at(db, (await readRevisions(db)).pricing),
    pricesAt: (source, revision, variantIds) => prices.at(source, revision, variantIds),
    createPricing: (tx, command) => createPricing(deps, tx, command),
    editPricing: (tx, command) => editPricing(deps, tx, command),
    setPrices,
  }
}
