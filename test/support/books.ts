import assert from 'node:assert/strict'
import { compareBooks, type BookEntry } from '../../server/modules/payments/index.ts'
import { openAuditDb } from '../../server/platform/audits/open-audit-db.ts'
import { runAudits } from '../../server/platform/audits/run-audits.ts'

export interface ProvidersEntry extends BookEntry {
  /** The order's number, as the provider was told it. */
  readonly reference: string
}

/** The provider's whole book: every movement of the buyers' money, as it sees them. Past our own adapter. */
export async function readProviderBook(providerUrl: string): Promise<ProvidersEntry[]> {
  const entries: ProvidersEntry[] = []
  for (let after: number | null = 0; after !== null;) {
    const response = await fetch(`${providerUrl}/book?after=${after}&limit=10000`)
    const page = (await response.json()) as {
      readonly entries: readonly (Omit<ProvidersEntry, 'amountMinor'> & { readonly amount: number })[]
      readonly next: number | null
    }
    entries.push(...page.entries.map(({ amount, ...entry }) => ({ ...entry, amountMinor: BigInt(amount) })))
    after = page.next
  }
  return entries
}

/** What the provider still holds of an order's money, minor units by the order's number: authorised and not given back. */
export async function readHeldMoney(providerUrl: string): Promise<Map<string, number>> {
  const held = new Map<string, number>()
  for (const { kind, reference, amountMinor } of await readProviderBook(providerUrl)) {
    const amount = Number(amountMinor)
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
    const differences = await compareBooks(db, { provider: 'sandbox', entries: await readProviderBook(providerUrl) })
    assert.deepEqual(differences, { count: 0, sample: [] }, "our money book is not the provider's")
  } finally {
    await db.close()
  }
}
