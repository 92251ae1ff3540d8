import { stringify } from 'csv-stringify/sync'
import type { Id } from '../../kernel/id.ts'
import type { Db } from '../../platform/db.ts'
import type { FileVault } from '../customers/index.ts'
import { readCell, writeCell } from './cell.ts'
import { REJECT_COLUMNS } from './check-header.ts'
import type { FileDeps, FileKind } from './file-kind.ts'
import { openRefusal } from './file-import-json.ts'
import { listRows } from './files.sql.ts'

const REFUSED_PER_READ = 500

/** Spreadsheets take a file with it for UTF-8, and without it for whatever they like. */
const BYTE_ORDER_MARK = '\uFEFF'

/** Everything of a kind as CSV, a page in memory at a time: handed in again, it changes nothing. */
export async function* writeExport(deps: FileDeps, kind: FileKind): AsyncGenerator<string, void, undefined> {
  yield BYTE_ORDER_MARK
  for await (const rows of kind.walk(deps)) yield csvOf(rows)
}

/**
 * The refused rows of an import as CSV, with their columns and two more that say which line it was and what is wrong.
 * Those two are not read, so that the corrected file can be handed in as it is.
 */
export async function* writeRefused(
  db: Db,
  {
    id,
    columns,
    vault,
  }: { readonly id: Id<'fileImport'>; readonly columns: readonly string[]; readonly vault: FileVault },
): AsyncGenerator<string, void, undefined> {
  yield BYTE_ORDER_MARK + csvOf([[...columns, ...REJECT_COLUMNS]])
  let after = 0
  for (;;) {
    const rows = await listRows(db, id, { outcome: 'refused', after, limit: REFUSED_PER_READ })
    yield csvOf(
      rows.flatMap(({ line, vault: sealed }) => {
        const kept = openRefusal(line, sealed, vault)
        if (kept === null) return []
        const told = kept.problems.map(({ column, message }) => (column === null ? message : `${column}: ${message}`))
        return [[...columns.map((_, place) => readCell(kept.cells[place] ?? '')), String(line), told.join(' ')]]
      }),
    )
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.line
  }
}

function csvOf(rows: readonly (readonly string[])[]): string {
  return stringify(
    rows.map((row) => row.map(writeCell)),
    { record_delimiter: 'windows', quoted_match: /^\s|\s$|[\r\n;\t]/ },
  )
}
