import type { Violations } from '../../platform/audits/audits.sql.ts'
import { auditAgainst } from '../../platform/audits/run-audits.ts'
import type { Queryable } from '../../platform/db.ts'
import { countEntriesByProvider } from './payments.sql.ts'
import type { BookEntry, PaymentProvider } from './ports.ts'

export interface ProviderBook {
  readonly provider: string
  readonly entries: readonly BookEntry[]
}

/** What became of holding our book against one provider's. */
export type BookComparison =
  | {
      readonly kind: 'compared'
      readonly provider: string
      /** In the provider's book. */
      readonly entries: number
      readonly differences: Violations
    }
  /** It stays unknown whether the books agree. */
  | {
      readonly kind: 'not_compared'
      readonly provider: string
      readonly why: 'not_set_up' | 'tells_no_book' | 'not_answered'
      readonly detail: string
      /** In our book, and held against nothing. */
      readonly ourEntries: number
    }

const PAGE_DEADLINE_MS = 30_000

/**
 * Reads the books of these providers and holds ours against them. To be asked when traffic has stopped: two books
 * cannot be read at one moment.
 *
 * @returns one for each provider, and for each that our book names and nobody set up
 */
export async function compareProviderBooks(
  db: Queryable,
  providers: readonly PaymentProvider[],
): Promise<BookComparison[]> {
  const ourEntries = await countEntriesByProvider(db)
  const notSetUp = [...ourEntries.keys()].filter((code) => providers.every((provider) => provider.code !== code))
  const compared = await Promise.all(
    providers.map(async (provider): Promise<BookComparison> => {
      const book = await readBook(provider)
      if (!('entries' in book)) {
        return {
          kind: 'not_compared',
          provider: provider.code,
          ...book,
          ourEntries: ourEntries.get(provider.code) ?? 0,
        }
      }
      const differences = await compareBooks(db, book)
      return { kind: 'compared', provider: provider.code, entries: book.entries.length, differences }
    }),
  )
  return [
    ...compared,
    ...notSetUp.map((provider) => ({
      kind: 'not_compared' as const,
      provider,
      why: 'not_set_up' as const,
      detail: 'no adapter of this name is set up here',
      ourEntries: ourEntries.get(provider) ?? 0,
    })),
  ]
}

/**
 * Holds our money book against one provider's.
 * @param book  the whole of it, every page
 * @returns     what one book has and the other has not
 */
export function compareBooks(
  db: Queryable,
  { provider, entries }: ProviderBook,
  { sampleMax }: { readonly sampleMax?: number } = {},
): Promise<Violations> {
  const rows = entries.map(({ id, kind, payment, amountMinor, currency, key }) => ({
    provider,
    // An authorisation is known by its payment, what moves money later by its own entry.
    reference: kind === 'authorisation' ? payment : id,
    kind,
    amount_minor: String(amountMinor),
    currency,
    key,
  }))
  // Names the book also when it is empty: other providers' entries are not to be found in it.
  const cover = { provider, kind: 'book' }
  return auditAgainst(
    db,
    'our-money-book-is-the-providers',
    [cover, ...rows],
    sampleMax === undefined ? {} : { sampleMax },
  )
}

async function readBook(
  provider: PaymentProvider,
): Promise<ProviderBook | { readonly why: 'tells_no_book' | 'not_answered'; readonly detail: string }> {
  if (provider.readBook === undefined) {
    return { why: 'tells_no_book', detail: 'its adapter has no way to read its book' }
  }
  const entries: BookEntry[] = []
  for (let after: string | null = null; ;) {
    const page = await provider.readBook(after, { deadlineMs: PAGE_DEADLINE_MS })
    if (page.kind !== 'page') return { why: 'not_answered', detail: page.detail }
    entries.push(...page.entries)
    if (page.next === null) return { provider: provider.code, entries }
    after = page.next
  }
}

/** The comparisons as a terminal shows them. */
export function renderComparisons(comparisons: readonly BookComparison[]): string {
  if (comparisons.length === 0) return 'no payment provider is set up, and our money book is empty'
  return comparisons
    .map((each) => {
      if (each.kind === 'not_compared') {
        const { provider, ourEntries, detail } = each
        return `provider ${provider}: NOT COMPARED, ${detail}; ${ourEntries} entries of our book are held against nothing`
      }
      const { provider, entries, differences } = each
      const found = differences.count === 0 ? 'our book is the same' : `${differences.count} DIFFERENCES`
      const sample = differences.sample.map(({ object, detail }) => `  ${object} ${JSON.stringify(detail)}`)
      return [`provider ${provider}: ${entries} entries, ${found}`, ...sample].join('\n')
    })
    .join('\n')
}
