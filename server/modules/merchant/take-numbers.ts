import type { Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { advanceNumberSeries } from './merchant.sql.ts'

/** The papers that a legal entity numbers without gaps, because its tax office asks for every one. */
export type NumberedKind = 'invoice' | 'credit_note'

export interface TakenNumber {
  readonly number: bigint
  /** As it stands on the paper: `US-INV-1042`. */
  readonly text: string
}

const abbreviations: Readonly<Record<NumberedKind, string>> = { invoice: 'INV', credit_note: 'CRN' }

/** A legal entity opens with these, each with its own first number. */
export function numberSeriesOf(entityCode: string): { readonly kind: NumberedKind; readonly prefix: string }[] {
  return (Object.keys(abbreviations) as NumberedKind[]).map((kind) => ({
    kind,
    prefix: `${entityCode.toUpperCase()}-${abbreviations[kind]}-`,
  }))
}

/**
 * The next `count` numbers of a series, ascending and without gaps: another transaction that wants some waits until
 * this one has ended, so take them last, in a short transaction that only numbers papers.
 * @param count  1 or more
 */
export async function takeNumbers(
  tx: Tx,
  legalEntityId: Id<'legalEntity'>,
  kind: NumberedKind,
  count: number,
): Promise<TakenNumber[]> {
  invariant(Number.isSafeInteger(count) && count > 0, 'at least one number is taken')
  const row = must(await advanceNumberSeries(tx, legalEntityId, kind, count), `the ${kind} numbers of ${legalEntityId}`)
  const first = row.next_number - BigInt(count)
  return Array.from({ length: count }, (_, index) => {
    const number = first + BigInt(index)
    return { number, text: `${row.prefix}${number}` }
  })
}
