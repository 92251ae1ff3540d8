import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { PricingBook } from './book.ts'
import type { AppliedOffer } from './price-cart.ts'
import type { CodeAtHand, OffersAtHand } from './promotion.ts'
import {
  lockCustomerUses,
  lockLimitedCodes,
  lockPromotionUses,
  readCodeRows,
  readCustomerUses,
  readPromotionUses,
  type CodeRow,
  type CustomerAsk,
  type CustomerUsesRow,
  type PromotionUsesRow,
} from './redemptions.sql.ts'

/** Who asks for offers, and by which codes. */
export interface OffersAsk {
  /** As `plainCode` writes them. */
  readonly codes: readonly string[]
  /** The account, or a keyed hash of the buyer's e-mail: 16 to 64 bytes; null when nobody knows who buys. */
  readonly customerKey: Buffer | null
  /** Promotions that were quoted, whether or not they would be given now. */
  readonly quotedIds?: readonly Id<'promotion'>[]
}

/**
 * What is left of limited offers, for a batch of sales that are decided one after the other: each takes what it used out
 * of the pool, so that the next one sees it gone.
 */
export class UsesPool {
  readonly #codeByText: ReadonlyMap<string, CodeRow>
  readonly #ofCode: Map<Id<'promotionCode'>, number>
  readonly #ofPromotion: Map<Id<'promotion'>, number>
  readonly #ofCustomer: Map<string, Map<Id<'promotion'>, number>>
  readonly #wantedIds: ReadonlySet<Id<'promotion'>>

  constructor(rows: {
    /** Automatic promotions that were asked about. */
    readonly wantedIds: readonly Id<'promotion'>[]
    readonly codes: readonly CodeRow[]
    readonly promotions: readonly PromotionUsesRow[]
    readonly customers: readonly CustomerUsesRow[]
  }) {
    this.#wantedIds = new Set(rows.wantedIds)
    this.#codeByText = new Map(rows.codes.map((row) => [row.code, row]))
    this.#ofCode = new Map(rows.codes.flatMap(({ id, uses_left }) => (uses_left === null ? [] : [[id, uses_left]])))
    this.#ofPromotion = new Map(rows.promotions.map(({ promotion_id, uses_left }) => [promotion_id, uses_left]))
    this.#ofCustomer = new Map()
    for (const { promotion_id, customer_key, uses_left } of rows.customers) {
      const key = customer_key.toString('hex')
      const uses = this.#ofCustomer.get(key) ?? new Map<Id<'promotion'>, number>()
      this.#ofCustomer.set(key, uses.set(promotion_id, uses_left))
    }
  }

  /** What `priceCart` asks of offers, as it stands for the next sale. */
  offersFor({ codes, customerKey }: OffersAsk, { promotionBook }: Pick<PricingBook, 'promotionBook'>): OffersAtHand {
    return {
      promotions: promotionBook,
      codes: [...new Set(codes)].map((code) => this.#codeAtHand(code)),
      uses: {
        byPromotion: this.#ofPromotion,
        ofCustomer: customerKey === null ? null : (this.#ofCustomer.get(customerKey.toString('hex')) ?? new Map()),
      },
    }
  }

  #codeAtHand(code: string): CodeAtHand {
    const row = this.#codeByText.get(code)
    if (row === undefined) return { code, found: null }
    const { id, promotion_id: promotionId, active } = row
    return { code, found: { id, promotionId, active, usesLeft: this.#ofCode.get(id) ?? null } }
  }

  /** Whether this book's limited promotions were all asked about: false when one came between reading and locking. */
  covers(book: PricingBook, at: Instant): boolean {
    return limitedIds(book, at).every((id) => this.#wantedIds.has(id))
  }

  /** Whether offers that were quoted can be used once more; what is not limited always can. */
  canTake(applied: readonly Pick<AppliedOffer, 'promotionId' | 'code'>[], customerKey: Buffer | null): boolean {
    const ofCustomer = customerKey === null ? undefined : this.#ofCustomer.get(customerKey.toString('hex'))
    return applied.every(
      ({ promotionId, code }) =>
        (this.#ofPromotion.get(promotionId) ?? 1) > 0 &&
        (code === null || (this.#ofCode.get(code.id) ?? 1) > 0) &&
        (ofCustomer?.get(promotionId) ?? 1) > 0,
    )
  }

  /** An order is accepted with these offers. */
  take(applied: readonly Pick<AppliedOffer, 'promotionId' | 'code'>[], customerKey: Buffer | null): void {
    const ofCustomer = customerKey === null ? undefined : this.#ofCustomer.get(customerKey.toString('hex'))
    for (const { promotionId, code } of applied) {
      lower(this.#ofPromotion, promotionId)
      if (code !== null) lower(this.#ofCode, code.id)
      if (ofCustomer !== undefined) lower(ofCustomer, promotionId)
    }
  }
}

function lower<Key>(uses: Map<Key, number>, key: Key): void {
  const left = uses.get(key)
  if (left !== undefined) uses.set(key, left - 1)
}

interface Wanted {
  readonly codes: readonly string[]
  readonly promotionIds: readonly Id<'promotion'>[]
  readonly asks: readonly CustomerAsk[]
}

/**
 * Locks what is left for these sales, until the end of the transaction. After the SKU gates in the house's lock order.
 * Sales that name no code, in a shop without limited promotions, cost nothing.
 */
export async function lockUses(tx: Tx, book: PricingBook, asks: readonly OffersAsk[]): Promise<UsesPool> {
  const { codes, promotionIds, asks: customers } = wantedOf(book, asks, tx.at)
  const isCoded = codes.length > 0
  const isAsked = isCoded || promotionIds.length > 0
  // One exchange: the server runs these in the order they are sent, and reads codes when their locks are held.
  const [promotions, , rows, ofCustomers] = await Promise.all([
    isAsked ? lockPromotionUses(tx, promotionIds, codes) : [],
    isCoded ? lockLimitedCodes(tx, codes) : undefined,
    isCoded ? readCodeRows(tx, codes) : [],
    isAsked && customers.length > 0 ? lockCustomerUses(tx, customers) : [],
  ])
  return new UsesPool({ wantedIds: promotionIds, codes: rows, promotions, customers: ofCustomers })
}

/** What is left for a sale as it stands now: for a quote, which promises nothing. */
export async function readUses(
  source: Queryable,
  book: PricingBook,
  asks: readonly OffersAsk[],
  at: Instant,
): Promise<UsesPool> {
  const { codes, promotionIds, asks: customers } = wantedOf(book, asks, at)
  const isAsked = codes.length > 0 || promotionIds.length > 0
  const [promotions, rows, ofCustomers] = await Promise.all([
    isAsked ? readPromotionUses(source, promotionIds, codes) : [],
    codes.length > 0 ? readCodeRows(source, codes) : [],
    isAsked && customers.length > 0 ? readCustomerUses(source, customers) : [],
  ])
  return new UsesPool({ wantedIds: promotionIds, codes: rows, promotions, customers: ofCustomers })
}

/** The codes that were named, the promotions that are limited and given without one, and what was quoted. */
function wantedOf(book: PricingBook, asks: readonly OffersAsk[], at: Instant): Wanted {
  if (asks.length === 0) return { codes: [], promotionIds: [], asks: [] }
  const limited = limitedIds(book, at)
  const quoted = asks.flatMap(({ quotedIds = [] }) => quotedIds)
  return {
    codes: [...new Set(asks.flatMap(({ codes }) => codes))],
    promotionIds: [...new Set([...limited, ...quoted])],
    asks: asks.flatMap(({ codes, customerKey, quotedIds = [] }) =>
      customerKey === null ? [] : [{ customerKey, codes, promotionIds: [...limited, ...quotedIds] }],
    ),
  }
}

/** Promotions that are limited, live and given without a code. */
function limitedIds({ promotionBook }: PricingBook, at: Instant): Id<'promotion'>[] {
  return promotionBook.automatic.flatMap(({ promotion }) => {
    const { id, usesMax, usesPerCustomerMax, validFrom, validUntil } = promotion
    const isLimited = usesMax !== null || usesPerCustomerMax !== null
    const isLive = (validFrom === null || validFrom <= at) && (validUntil === null || at < validUntil)
    return isLimited && isLive ? [id] : []
  })
}
