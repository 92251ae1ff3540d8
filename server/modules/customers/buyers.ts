import type { Id } from '../../kernel/id.ts'
import { instantFromMs, type Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { normaliseEmail } from './contact.ts'
import { segmentsOf, type BuyerFacts, type Segment } from './decide-segments.ts'
import type { KeyRing } from './key-ring.ts'
import { openPerson } from './seal-person.ts'
import { readBuyerRows, type BuyerRow } from './segments.sql.ts'

/** The segments as they are configured, kept whole in memory on every node. */
export interface SegmentBook {
  /** By code. */
  readonly segments: readonly Segment[]
  readonly byId: ReadonlyMap<Id<'segment'>, Segment>
}

/** Who is about to buy. */
export interface BuyerQuestion {
  /** The signed-in customer, or whom a cart belongs to; null for a guest who has told nothing yet. */
  readonly personId: Id<'person'> | null
  /** Where the order goes, as far as it is known. */
  readonly country: string | null
}

/** What of a buyer prices, promotions, assortments and taxes depend on. */
export interface Buyer {
  /** The account they are, or that they were merged into; null for a guest. */
  readonly accountId: Id<'person'> | null
  readonly segmentIds: ReadonlySet<Id<'segment'>>
  /** By what offers that everybody may use so often know them again; see `usesKeyOf`. Null: nobody knows who buys. */
  readonly usesKey: Buffer | null
  readonly taxExempt: boolean
  /** Told to the tax service and on the invoice. */
  readonly taxId: string | null
}

/** A guest who has told nothing yet, and is in no segment. */
export const unknownBuyer: Buyer = {
  accountId: null,
  segmentIds: new Set(),
  usesKey: null,
  taxExempt: false,
  taxId: null,
}

interface KnownBuyer {
  readonly facts: Omit<BuyerFacts, 'country'>
  readonly accountId: Id<'person'> | null
  readonly usesKey: Buffer | null
  readonly taxExempt: boolean
  readonly taxId: string | null
}

const guest: KnownBuyer = {
  facts: {
    kind: 'guest',
    tags: [],
    emailDomain: null,
    consents: new Set(),
    orderCount: 0,
    spentMinor: new Map(),
    lastOrderAt: null,
    signedUpAt: null,
  },
  accountId: null,
  usesKey: null,
  taxExempt: false,
  taxId: null,
}

/**
 * Buyers for a batch of carts, in their order. Who is in no vault yet is decided in memory: without an id no
 * statement is sent, so their orders pay for accounts and segments with less than a microsecond. All others together
 * cost one statement.
 */
export async function readBuyers(
  source: Queryable,
  keys: KeyRing,
  book: SegmentBook,
  { questions, at }: { readonly questions: readonly BuyerQuestion[]; readonly at: Instant },
): Promise<Buyer[]> {
  const ids = new Set(questions.flatMap(({ personId }) => (personId === null ? [] : [personId])))
  const rows = ids.size === 0 ? [] : await readBuyerRows(source, [...ids])
  const known = new Map(rows.map((row) => [row.asked_id, knownBuyerOf(keys, row, at)]))
  return questions.map(({ personId, country }) => {
    const { facts, ...others } = (personId === null ? undefined : known.get(personId)) ?? guest
    return { ...others, segmentIds: segmentsOf({ ...facts, country }, book.segments, at) }
  })
}

/** What is known of one account, for the explanation of its segments; null when it is none. */
export async function readFacts(
  source: Queryable,
  keys: KeyRing,
  { personId, country, at }: BuyerQuestion & { readonly personId: Id<'person'>; readonly at: Instant },
): Promise<BuyerFacts | null> {
  const [row] = await readBuyerRows(source, [personId])
  return row?.kind !== 'account' ? null : { ...knownBuyerOf(keys, row, at).facts, country }
}

/** The e-mail's keyed hash, so that a guest and the account of the same e-mail are one buyer; else the account's id. */
function usesKeyOf({ id, kind, email_hash }: BuyerRow): Buffer | null {
  return email_hash ?? (kind === 'account' ? Buffer.from(id.replaceAll('-', ''), 'hex') : null)
}

function knownBuyerOf(keys: KeyRing, row: BuyerRow, at: Instant): KnownBuyer {
  const usesKey = usesKeyOf(row)
  if (row.kind === 'guest') return { ...guest, usesKey }
  const { email, taxId } = openPerson(keys, { ...row, kind: 'account', version: 0, erased_at: null, merged_into: null })
  const isProved = row.email_verified_at !== null
  const orders = row.order_facts ?? []
  const lastMs = Math.max(...orders.map(([, , , last]) => last))
  return {
    accountId: row.id,
    usesKey,
    taxExempt: row.tax_exempt && (row.tax_exempt_until === null || row.tax_exempt_until > at),
    taxId: taxId ?? null,
    facts: {
      kind: 'account',
      tags: row.tags,
      emailDomain: isProved && email !== null ? domainOf(email) : null,
      consents: new Set(row.consents),
      orderCount: orders.reduce((sum, [, count]) => sum + count, 0),
      spentMinor: new Map(orders.map(([currency, , spent]) => [currency, BigInt(spent)])),
      lastOrderAt: orders.length === 0 ? null : instantFromMs(lastMs),
      signedUpAt: row.created_at,
    },
  }
}

function domainOf(email: string): string | null {
  const normal = normaliseEmail(email)
  return normal === null ? null : normal.slice(normal.lastIndexOf('@') + 1)
}
