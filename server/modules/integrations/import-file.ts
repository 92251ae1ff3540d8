import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { BusyError } from '../../platform/db.ts'
import { advanceImport, vaultOf } from './advance-import.ts'
import { beginImport } from './begin-import.ts'
import type { FileDeps, FileKindName } from './file-kind.ts'
import { openRefusal } from './file-import-json.ts'
import { kindOf } from './file-kinds.ts'
import { listRows, readImport, type FileImport } from './files.sql.ts'
import { grouped } from './import-progress.ts'
import { refusalOf, refusals } from './integrations.refusals.ts'
import { IMPORT_ACTOR } from './prepare-retail-shop.ts'
import { receiveFile } from './receive-file.ts'
import { writeExport, writeRefused } from './write-files.ts'

export interface FileCommandDeps extends FileDeps {
  /** Tells the person at the terminal one line. */
  readonly say: (line: string) => void
}

export interface ImportFileOptions {
  readonly kind: FileKindName
  readonly file: string
  readonly dryRun: boolean
  /** Beside the file when left out. */
  readonly rejectsFile?: string
}

const TOLD_ROWS = 10
const TOLD_EVERY_MS = 2_000

/**
 * Hands in a file and takes its rows, as the server would: by the same parts, under the same record. Ended in between,
 * what is left is taken by a server that works on the database; given again, the command changes what is left to change.
 *
 * @returns the exit code: 0 when every row went in, or would
 */
export async function importFile(deps: FileCommandDeps, options: ImportFileOptions): Promise<number> {
  const { kind: name, file: path, dryRun, rejectsFile = defaultRejectsFile(path) } = options
  const { db, say } = deps
  const kind = kindOf(name)
  say(`reading ${path}`)
  const received = await readFile(deps, options)
  if (received === null) return 1
  const { id, rowCount } = received
  await db.inTransaction((tx) => beginImport(tx, { id, kind: name, actor: IMPORT_ACTOR, dryRun, rowCount }))
  say(`read ${grouped(rowCount)} rows; taking them as ${formatId('fileImport', id)}`)
  const file = await untilTaken(deps, id)
  const { created, changed, unchanged, refused, status } = file
  const would = dryRun ? ' would be' : ''
  say(
    `${grouped(created)}${would} created, ${grouped(changed)}${would} changed, ${grouped(unchanged)} unchanged, ${grouped(refused)} refused`,
  )
  if (status === 'failed')
    say('The import met a defect and ended; what it took stays. Handed in again, it takes the rest.')
  await rm(rejectsFile, { force: true })
  if (refused > 0) {
    for (const line of await readFirstProblems(deps, file)) say(line)
    const { columns } = file
    const chunks = writeRefused(db, { id, columns, vault: vaultOf(deps, file) })
    await pipeline(Readable.from(chunks), createWriteStream(rejectsFile, { mode: 0o600 }))
    say(`The ${grouped(refused)} refused ${kind.name} rows, with their reasons, are in ${rejectsFile}`)
  }
  return refused === 0 && status === 'completed' ? 0 : 1
}

/** @returns null when the file is not taken; the person was told why */
async function readFile(
  deps: FileCommandDeps,
  { kind, file: path, dryRun }: ImportFileOptions,
): Promise<{ readonly id: Id<'fileImport'>; readonly rowCount: number } | null> {
  try {
    const file = { bytes: createReadStream(path), packed: path.endsWith('.gz') }
    const received = await receiveFile(deps, kindOf(kind), { file, actor: IMPORT_ACTOR, dryRun })
    if (received.kind === 'received') return received
    const refusal = refusalOf(received.refusal)
    deps.say(`${path}: ${refusals[refusal.code].meaning}`)
    if ('detail' in refusal) deps.say(`  ${refusal.detail}`)
    if ('errors' in refusal) for (const error of refusal.errors) deps.say(`  ${error.path.slice(1)} ${error.message}`)
    return null
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    deps.say(`${path}: ${error.message}`)
    return null
  }
}

const PATIENCE_MS = 500
const TRIES_MAX = 20

async function untilTaken(deps: FileCommandDeps, id: Id<'fileImport'>): Promise<FileImport> {
  const { db, say } = deps
  let toldAt = (await db.clock()).wallAt
  for (let tries = 0; ;) {
    const file = must(await readImport(db, id), 'an import that runs')
    if (file.status !== 'running') return file
    const { wallAt } = await db.clock()
    if (wallAt - toldAt >= TOLD_EVERY_MS) {
      toldAt = wallAt
      const done = file.created + file.changed + file.unchanged + file.refused
      say(
        `${Math.floor((100 * done) / Math.max(file.rowCount, 1))} %, ${grouped(done)} of ${grouped(file.rowCount)} rows`,
      )
    }
    try {
      const isTaken = await advanceImport(deps, file)
      tries = 0
      // A server is at it: look again when it may be done.
      if (!isTaken) await sleep(PATIENCE_MS / 10)
    } catch (error) {
      // Shoppers come first.
      if (!(error instanceof BusyError) || ++tries === TRIES_MAX) throw error
      await sleep(PATIENCE_MS)
    }
  }
}

async function readFirstProblems(deps: FileCommandDeps, file: FileImport): Promise<string[]> {
  const rows = await listRows(deps.db, file.id, { outcome: 'refused', after: 0, limit: TOLD_ROWS })
  const vault = vaultOf(deps, file)
  return rows.flatMap(({ line, vault: sealed }) =>
    (openRefusal(line, sealed, vault)?.problems ?? []).map(({ column, value, message }) => {
      const where = column === null ? '' : `, ${column}${value === null ? '' : ` '${value}'`}`
      return `  line ${line}${where}: ${message}`
    }),
  )
}

/** `prices.csv.gz` → `prices.refused.csv` */
function defaultRejectsFile(path: string): string {
  return `${path.replace(/(\.csv)?(\.gz)?$/i, '')}.refused.csv`
}

/** Writes everything of a kind as CSV. */
export async function exportFile(
  deps: FileDeps,
  { kind, out }: { readonly kind: FileKindName; readonly out: NodeJS.WritableStream },
): Promise<void> {
  await pipeline(Readable.from(writeExport(deps, kindOf(kind))), out)
}
