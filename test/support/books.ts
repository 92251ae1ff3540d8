import assert from 'node:assert/strict'
import { compareBooks, type BookEntry } from '../../server/audits/compare-books.ts'
import { openAuditDb } from '../../server/platform/audits/open-audit-db.ts'
import { runAudits } from '../../server/platform/audits/run-audits.ts'

/** The provider's whole book: every movement of the buyers' money, as it sees them. */
export async function readProviderBook(providerUrl: string): Promise<BookEntry[]> {
  const entries: BookEntry[] = []
  for (let after: number | null = 0; after !== null;) {
    const response = await fetch(`${providerUrl}/book?after=${after}&limit=10000`)
    const page = (await response.json()) as { readonly entries: readonly BookEntry[]; readonly next: number | null }
    entries.push(...page.entries)
    after = page.next
  }
  return entries
}

/** What the provider still holds of an order's money, minor units by the order's number: authorised and not given back. */
export async function readHeldMoney(providerUrl: string): Promise<Map<string, number>> {
  const held = new Map<string, number>()
  for (const { kind, reference, amount } of (await readProviderBook(providerUrl)) as readonly (BookEntry & {
    reference: string
  })[]) {
    const signed = kind === 'authorisation' ? amount : kind === 'void' ? -amount : 0
    held.set(reference, (held.get(reference) ?? 0) + signed)
  }
  return held
}

/** Every invariant of the data holds, and our money book is the provider's. For when traffic has stopped. */
export async function assertBooks({
  databaseUrl,
  providerUrl,
}: {
  readonly databaseUrl: string
  readonly providerUrl: string
}): Promise<void> {
  const db = openAuditDb(databaseUrl)
  try {
    const broken = (await runAudits(db)).filter((result) => result.violations > 0)
    assert.deepEqual(
      broken.map(({ name, violations, sample }) => ({ name, violations, sample })),
      [],
    )
    const differences = await compareBooks(db, await readProviderBook(providerUrl))
    assert.deepEqual(differences, { count: 0, sample: [] }, "our money book is not the provider's")
  } finally {
    await db.close()
  }
}
