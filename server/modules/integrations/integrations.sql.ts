import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'

export interface ImportRun {
  readonly id: Id<'importRun'>
  readonly status: 'preparing' | 'placing' | 'completed'
}

export interface ImportedFile {
  readonly kind: string
  readonly name: string
  /** SHA-256. */
  readonly hash: Buffer
}

/** The run of a file: the one that began with the same bytes before, whatever the file was called, else a new one. */
export async function openRun(tx: Tx, id: Id<'importRun'>, { kind, name, hash }: ImportedFile): Promise<ImportRun> {
  tx.send({
    name: 'integrations.insert_run',
    text: `insert into integrations.import_run (id, kind, file_name, file_hash, status, started_at)
           values ($1, $2, $3, $4, 'preparing', $5) on conflict (kind, file_hash) do nothing`,
    values: [id, kind, name, hash, new Date(tx.at)],
  })
  const [run] = await tx.rows<ImportRun>({
    name: 'integrations.read_run',
    text: 'select id, status from integrations.import_run where kind = $1 and file_hash = $2',
    values: [kind, hash],
  })
  return must(run, 'a run that is there by now')
}

export async function beginPlacing(source: Queryable, id: Id<'importRun'>): Promise<void> {
  await source.execute({
    name: 'integrations.begin_placing',
    text: `update integrations.import_run set status = 'placing' where id = $1 and status = 'preparing'`,
    values: [id],
  })
}

/** Guarded by the status it leaves: of two processes that finish a run, one does. */
export function completeRun(tx: Tx, id: Id<'importRun'>, books: object): Promise<number> {
  return tx.execute({
    name: 'integrations.complete_run',
    text: `update integrations.import_run set status = 'completed', finished_at = $2, books = $3
            where id = $1 and status = 'placing'`,
    values: [id, new Date(tx.at), JSON.stringify(books)],
  })
}

export type Outcome = 'accepted' | 'rejected' | 'set_aside'

export interface ImportLine {
  readonly lineNumber: number
  readonly raw: string
  /** The invoice's number; null where the line could not be read. */
  readonly reference: string | null
  readonly thousandths: bigint
  readonly outcome: Outcome
  readonly reason: string
  readonly detail: string | null
  readonly orderId: Id<'order'> | null
}

/**
 * Records what became of lines; those that are recorded already stay.
 * Texts travel as lines of one text each, since no line of a file holds a line break: the driver's own arrays, with
 * every quote escaped, cost this process four times as much.
 */
export function insertLines(tx: Tx, runId: Id<'importRun'>, lines: readonly ImportLine[]): void {
  tx.send({
    name: 'integrations.insert_lines',
    text: `insert into integrations.import_line
             (run_id, line, raw, reference, amount_thousandths, outcome, reason, detail, order_id)
           select $1::uuid, line.*
             from unnest($2::int[], string_to_array($3, E'\\n'), string_to_array($4, E'\\n', ''), $5::bigint[],
                         $6::text[], $7::text[], string_to_array($8, E'\\n', ''), $9::uuid[]) as line
           on conflict do nothing`,
    values: [
      runId,
      plainArray(lines.map(({ lineNumber }) => lineNumber)),
      lines.map(({ raw }) => raw).join('\n'),
      lines.map(({ reference }) => reference ?? '').join('\n'),
      plainArray(lines.map(({ thousandths }) => thousandths)),
      plainArray(lines.map(({ outcome }) => outcome)),
      plainArray(lines.map(({ reason }) => reason)),
      lines.map(({ detail }) => detail?.replaceAll('\n', ' ') ?? '').join('\n'),
      plainArray(lines.map(({ orderId }) => orderId)),
    ],
  })
}

/** A stretch of line numbers, the first in it, the end no more. */
export interface LineRange {
  readonly from: number
  readonly end: number
}

/** Which lines of a run are recorded, in order, as few stretches: one value for half a million rows. */
export async function readRecordedRanges(source: Queryable, runId: Id<'importRun'>): Promise<LineRange[]> {
  const [row] = await source.rows<{ lines: string | null }>({
    name: 'integrations.read_recorded_ranges',
    text: `select range_agg(int4range(line, line, '[]'))::text as lines
             from integrations.import_line where run_id = $1`,
    values: [runId],
  })
  const text = row?.lines ?? ''
  return [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, end]) => ({ from: Number(from), end: Number(end) }))
}

export interface TallyRow {
  readonly outcome: Outcome
  readonly reason: string
  readonly lines: number
  readonly thousandths: bigint
}

/** What the recorded lines of a run come to. */
export function readTallies(source: Queryable, runId: Id<'importRun'>): Promise<TallyRow[]> {
  return source.rows({
    name: 'integrations.read_tallies',
    text: `select outcome, reason, count(*)::int as lines, sum(amount_thousandths)::bigint as thousandths
             from integrations.import_line where run_id = $1 group by outcome, reason order by outcome, reason`,
    values: [runId],
  })
}

export async function readRunOrderIds(source: Queryable, runId: Id<'importRun'>): Promise<Id<'order'>[]> {
  const rows = await source.rows<{ order_id: Id<'order'> }>({
    name: 'integrations.read_run_order_ids',
    text: `select distinct order_id from integrations.import_line where run_id = $1 and order_id is not null`,
    values: [runId],
  })
  return rows.map((row) => row.order_id)
}

export type RejectedRow = Pick<ImportLine, 'lineNumber' | 'raw' | 'reason' | 'detail'>

/** The next rejected lines of a run, in the order of the file. @param after  the last line of the page before, else 0 */
export function readRejectedLines(
  source: Queryable,
  runId: Id<'importRun'>,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<RejectedRow[]> {
  return source.rows({
    name: 'integrations.read_rejected_lines',
    text: `select line as "lineNumber", raw, reason, detail from integrations.import_line
            where run_id = $1 and line > $2 and outcome = 'rejected' order by line limit $3`,
    values: [runId, after, limit],
  })
}

/** Of these invoices, those whose stock adjustments another run has brought. */
export async function readAdjustmentsOfOtherRuns(
  source: Queryable,
  runId: Id<'importRun'>,
  references: readonly string[],
): Promise<string[]> {
  const rows = await source.rows<{ reference: string }>({
    name: 'integrations.read_adjustments_of_other_runs',
    text: `select distinct reference from integrations.import_line
            where outcome = 'set_aside' and reason = 'stock_adjustment' and run_id <> $1
              and reference = any($2::text[])`,
    values: [runId, references],
  })
  return rows.map((row) => row.reference)
}

export interface KnownCustomer {
  readonly reference: string
  readonly personId: Id<'person'>
}

export function readKnownCustomers(
  source: Queryable,
  kind: string,
  references: readonly string[],
): Promise<KnownCustomer[]> {
  return source.rows({
    name: 'integrations.read_known_customers',
    text: `select reference, person_id as "personId" from integrations.known_customer
            where kind = $1 and reference = any($2::text[])`,
    values: [kind, references],
  })
}

/** @returns those that are new; a reference that stands for somebody already goes on to */
export function insertKnownCustomers(
  tx: Tx,
  kind: string,
  customers: readonly KnownCustomer[],
): Promise<KnownCustomer[]> {
  return tx.rows({
    name: 'integrations.insert_known_customers',
    text: `insert into integrations.known_customer (kind, reference, person_id)
           select $1::text, reference, person_id from unnest($2::text[], $3::uuid[]) as customer (reference, person_id)
           on conflict do nothing
           returning reference, person_id as "personId"`,
    values: [kind, customers.map(({ reference }) => reference), plainArray(customers.map(({ personId }) => personId))],
  })
}
