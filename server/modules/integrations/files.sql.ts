import type { Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { FileKindName, Outcome } from './file-kind.ts'

export interface FileImport {
  readonly id: Id<'fileImport'>
  readonly kind: FileKindName
  readonly dryRun: boolean
  readonly actor: string
  readonly status: 'receiving' | 'running' | 'completed' | 'failed'
  readonly columns: readonly string[]
  readonly rowCount: number
  readonly created: number
  readonly changed: number
  readonly unchanged: number
  readonly refused: number
  readonly receivedAt: Instant
  readonly finishedAt: Instant | null
  readonly keyVersion: number
  /** Null: what the rows said can no longer be read. */
  readonly wrappedKey: Buffer | null
}

const columnsOfImport = `id, kind, dry_run as "dryRun", actor, status, columns, row_count as "rowCount", created, changed,
                  unchanged, refused, received_at as "receivedAt", finished_at as "finishedAt",
                  key_version as "keyVersion", wrapped_key as "wrappedKey"`

export function insertImport(
  tx: Tx,
  file: Pick<FileImport, 'id' | 'kind' | 'dryRun' | 'actor' | 'columns' | 'keyVersion'> & {
    readonly wrappedKey: Buffer
  },
): void {
  tx.send({
    name: 'integrations.insert_file',
    text: `insert into integrations.file_import
             (id, kind, dry_run, actor, status, columns, received_at, touched_at, key_version, wrapped_key)
           values ($1, $2, $3, $4, 'receiving', $5, $6, $7, $8, $9)`,
    values: [
      file.id,
      file.kind,
      file.dryRun,
      file.actor,
      file.columns,
      formatInstant(tx.at),
      formatInstant(tx.wallAt),
      file.keyVersion,
      file.wrappedKey,
    ],
  })
}

export interface SealedPart {
  readonly stage: number
  readonly number: number
  readonly vault: Buffer
}

/** @param rowCount  of the part. @returns false when the import is gone: nobody thought that it was still coming */
export async function insertPart(
  tx: Tx,
  importId: Id<'fileImport'>,
  { stage, number, vault, rowCount }: SealedPart & { readonly rowCount: number },
): Promise<boolean> {
  const counted = await tx.execute({
    name: 'integrations.count_received',
    text: `update integrations.file_import set row_count = row_count + $2, touched_at = $3
            where id = $1 and status = 'receiving'`,
    values: [importId, rowCount, formatInstant(tx.wallAt)],
  })
  if (counted === 0) return false
  tx.send({
    name: 'integrations.insert_part',
    text: 'insert into integrations.file_part (import_id, stage, number, vault) values ($1, $2, $3, $4)',
    values: [importId, stage, number, vault],
  })
  return true
}

/** Guarded by the status it leaves. @returns false when the import is gone */
export async function beginRunning(tx: Tx, id: Id<'fileImport'>): Promise<boolean> {
  const begun = await tx.execute({
    name: 'integrations.begin_running',
    text: `update integrations.file_import set status = 'running', touched_at = $2
            where id = $1 and status = 'receiving'`,
    values: [id, formatInstant(tx.wallAt)],
  })
  return begun === 1
}

/** What never began to run leaves no trace. @returns how many were dropped */
export async function dropReceiving(
  tx: Tx,
  which: { readonly id: Id<'fileImport'> } | { readonly untouchedSince: Instant; readonly limit: number },
): Promise<number> {
  const rows = await tx.rows<{ id: string }>({
    name: 'integrations.lock_receiving',
    text: `select id from integrations.file_import
            where status = 'receiving' and ($1::uuid is null or id = $1) and ($2::timestamptz is null or touched_at < $2)
            order by touched_at limit $3 for update skip locked`,
    values: 'id' in which ? [which.id, null, 1] : [null, formatInstant(which.untouchedSince), which.limit],
  })
  const ids = plainArray(rows.map(({ id }) => id))
  tx.send({
    name: 'integrations.delete_parts',
    text: 'delete from integrations.file_part where import_id = any($1::uuid[])',
    values: [ids],
  })
  tx.send({
    name: 'integrations.delete_imports',
    text: 'delete from integrations.file_import where id = any($1::uuid[])',
    values: [ids],
  })
  return rows.length
}

export async function readImport(source: Queryable, id: Id<'fileImport'>): Promise<FileImport | undefined> {
  const [file] = await source.rows<FileImport>({
    name: 'integrations.read_file',
    text: `select ${columnsOfImport} from integrations.file_import where id = $1`,
    values: [id],
  })
  return file
}

/** Newest first; those still being received are not there yet. */
export function listImports(
  source: Queryable,
  { before, limit }: { readonly before: Id<'fileImport'> | null; readonly limit: number },
): Promise<FileImport[]> {
  return source.rows({
    name: 'integrations.list_files',
    text: `select ${columnsOfImport} from integrations.file_import
            where status <> 'receiving' and ($1::uuid is null or id < $1) order by id desc limit $2`,
    values: [before, limit],
  })
}

/** The running import that waited for longest. */
export async function readWaitingImport(source: Queryable): Promise<FileImport | undefined> {
  const [file] = await source.rows<FileImport>({
    name: 'integrations.read_waiting_file',
    text: `select ${columnsOfImport} from integrations.file_import
            where status = 'running' order by touched_at limit 1`,
  })
  return file
}

/** @returns false when it does not run, or somebody else is at it in this moment */
export async function lockRunning(tx: Tx, id: Id<'fileImport'>): Promise<boolean> {
  const rows = await tx.rows({
    name: 'integrations.lock_running_file',
    text: `select from integrations.file_import where id = $1 and status = 'running' for update skip locked`,
    values: [id],
  })
  return rows.length === 1
}

export async function readNextPart(source: Queryable, importId: Id<'fileImport'>): Promise<SealedPart | undefined> {
  const [part] = await source.rows<SealedPart>({
    name: 'integrations.read_next_part',
    text: `select stage, number, vault from integrations.file_part
            where import_id = $1 order by stage, number limit 1`,
    values: [importId],
  })
  return part
}

/** @returns false when somebody else has taken it */
export async function deletePart(
  tx: Tx,
  importId: Id<'fileImport'>,
  { stage, number }: Pick<SealedPart, 'stage' | 'number'>,
): Promise<boolean> {
  const deleted = await tx.execute({
    name: 'integrations.delete_part',
    text: 'delete from integrations.file_part where import_id = $1 and stage = $2 and number = $3',
    values: [importId, stage, number],
  })
  return deleted === 1
}

export interface RecordedRow {
  readonly line: number
  readonly outcome: Outcome
  readonly subject: string | null
  readonly vault: Buffer | null
}

/** Records what became of rows, and counts them. */
export function recordRows(tx: Tx, importId: Id<'fileImport'>, rows: readonly RecordedRow[]): void {
  const count = (outcome: Outcome): number => rows.filter((row) => row.outcome === outcome).length
  tx.send({
    name: 'integrations.insert_rows',
    text: `insert into integrations.file_row (import_id, line, outcome, subject, vault)
           select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::bytea[])`,
    values: [
      importId,
      plainArray(rows.map(({ line }) => line)),
      plainArray(rows.map(({ outcome }) => outcome)),
      rows.map(({ subject }) => subject),
      `{${rows.map(({ vault }) => (vault === null ? 'null' : `"\\\\x${vault.toString('hex')}"`)).join(',')}}`,
    ],
  })
  tx.send({
    name: 'integrations.count_rows',
    text: `update integrations.file_import
              set created = created + $2, changed = changed + $3, unchanged = unchanged + $4, refused = refused + $5,
                  touched_at = $6, failures = 0
            where id = $1`,
    values: [
      importId,
      count('created'),
      count('changed'),
      count('unchanged'),
      count('refused'),
      formatInstant(tx.wallAt),
    ],
  })
}

/** Ends an import whose last part is taken. @returns it, or undefined when parts are left */
export async function completeImport(tx: Tx, id: Id<'fileImport'>): Promise<FileImport | undefined> {
  const [file] = await tx.rows<FileImport>({
    name: 'integrations.complete_file',
    text: `update integrations.file_import set status = 'completed', finished_at = $2
            where id = $1 and status = 'running'
              and not exists (select from integrations.file_part where import_id = $1)
           returning ${columnsOfImport}`,
    values: [id, formatInstant(tx.at)],
  })
  if (file?.dryRun === true) {
    tx.send({
      name: 'integrations.delete_foreseen',
      text: 'delete from integrations.file_variant where import_id = $1',
      values: [id],
    })
  }
  return file
}

/** Counts that the next part could not be taken; at the last of `failuresMax` the import ends as failed. */
export async function countFailure(tx: Tx, id: Id<'fileImport'>, failuresMax: number): Promise<boolean> {
  const [file] = await tx.rows<{ status: FileImport['status'] }>({
    name: 'integrations.count_failure',
    text: `update integrations.file_import
              set failures = failures + 1, touched_at = $2,
                  status = case when failures + 1 >= $3 then 'failed' else status end,
                  finished_at = case when failures + 1 >= $3 then $4::timestamptz end
            where id = $1 and status = 'running' returning status`,
    values: [id, formatInstant(tx.wallAt), failuresMax, formatInstant(tx.at)],
  })
  const hasFailed = file?.status === 'failed'
  if (hasFailed) {
    tx.send({
      name: 'integrations.delete_parts_of',
      text: 'delete from integrations.file_part where import_id = $1',
      values: [id],
    })
  }
  return hasFailed
}

/** Rows of an import in the order of the file. @param page.after  the last line of the page before, else 0 */
export function listRows(
  source: Queryable,
  importId: Id<'fileImport'>,
  { outcome, after, limit }: { readonly outcome: Outcome | null; readonly after: number; readonly limit: number },
): Promise<RecordedRow[]> {
  return source.rows({
    name: outcome === null ? 'integrations.list_rows' : 'integrations.list_rows_of_outcome',
    text: `select line, outcome, subject, vault from integrations.file_row
            where import_id = $1 and line > $2 ${outcome === null ? '' : 'and outcome = $4'} order by line limit $3`,
    values: outcome === null ? [importId, after, limit] : [importId, after, limit, outcome],
  })
}

/** Destroys the key of the import that ended longest before this, and with it what its rows said. */
export async function forgetImport(tx: Tx, endedBefore: Instant): Promise<number> {
  return tx.execute({
    name: 'integrations.forget_file',
    text: `with old as (
             select id from integrations.file_import
              where wrapped_key is not null and finished_at < $1 order by finished_at limit 1 for update skip locked),
           gone as (delete from integrations.file_row using old where file_row.import_id = old.id)
           update integrations.file_import set wrapped_key = null from old where file_import.id = old.id`,
    values: [formatInstant(endedBefore)],
  })
}

export interface ForeseenVariant {
  readonly sku: string
  readonly kind: string
}

export function insertForeseen(tx: Tx, importId: Id<'fileImport'>, variants: readonly ForeseenVariant[]): void {
  tx.send({
    name: 'integrations.insert_foreseen',
    text: `insert into integrations.file_variant (import_id, sku, kind)
           select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing`,
    values: [importId, variants.map(({ sku }) => sku), variants.map(({ kind }) => kind)],
  })
}

export function readForeseen(
  source: Queryable,
  importId: Id<'fileImport'>,
  skus: readonly string[],
): Promise<ForeseenVariant[]> {
  return source.rows({
    name: 'integrations.read_foreseen',
    text: 'select sku, kind from integrations.file_variant where import_id = $1 and sku = any($2::text[])',
    values: [importId, skus],
  })
}
