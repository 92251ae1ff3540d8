import { formatId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, DAY_MS, HOUR_MS } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError, type Db, type Tx } from '../../platform/db.ts'
import type { FileVault } from '../customers/index.ts'
import type { Problem } from './cell.ts'
import type { FileDeps, FileKind, FilePart, RowOutcome } from './file-kind.ts'
import { kindOf } from './file-kinds.ts'
import {
  completeImport,
  countFailure,
  deletePart,
  dropReceiving,
  forgetImport,
  lockRunning,
  readNextPart,
  readWaitingImport,
  recordRows,
  type FileImport,
  type SealedPart,
} from './files.sql.ts'
import { partPlace, rowOf, type WaitingRow } from './receive-file.ts'

/** Passing troubles are not counted; what fails this often in a row is ours to repair. */
const FAILURES_MAX = 5

/**
 * Takes the next part of the running import that waited for longest: one of several files never waits for all of
 * another. A part goes in the transaction that records what became of its rows, so that it has one effect whoever dies
 * in between; what another process is at is left to it.
 *
 * @returns 1 when there was something to do, else 0
 */
export async function advanceImports(deps: FileDeps): Promise<number> {
  const file = await readWaitingImport(deps.db)
  if (file === undefined) return 0
  await advanceImport(deps, file)
  return 1
}

/** Takes the next part of one import. @returns false when somebody else is at it */
export async function advanceImport(deps: FileDeps, file: FileImport): Promise<boolean> {
  try {
    const { taking } = kindOf(file.kind)
    return taking.kind === 'joined' ? await takeJoined(deps, taking, file) : await takeNamed(deps, taking, file)
  } catch (error) {
    const isPassing =
      error instanceof BusyError || error instanceof DatabaseAwayError || error instanceof CommitUnknownError
    if (!isPassing) await deps.db.inTransaction((tx) => noteFailure(tx, file))
    throw error
  }
}

async function noteFailure(tx: Tx, { id, actor, kind }: FileImport): Promise<void> {
  if (!(await countFailure(tx, id, FAILURES_MAX))) return
  appendAudit(tx, { actor, action: 'import.failed', object: formatId('fileImport', id), detail: { kind } })
}

type Taking<Kind> = Extract<FileKind['taking'], { readonly kind: Kind }>

function takeJoined(deps: FileDeps, taking: Taking<'joined'>, file: FileImport): Promise<boolean> {
  return deps.db.inTransaction(async (tx) => {
    if (!(await lockRunning(tx, file.id))) return false
    const sealed = await readNextPart(tx, file.id)
    if (sealed !== undefined) {
      const vault = vaultOf(deps, file)
      const { part, waiting } = openPart(file, vault, sealed)
      await record(tx, { file, sealed, vault, waiting }, await taking.take(deps, tx, part))
    }
    await finish(tx, file)
    return true
  })
}

/** The part's name makes its effect happen once, however often it is taken before that is recorded. */
async function takeNamed(deps: FileDeps, taking: Taking<'named'>, file: FileImport): Promise<boolean> {
  const sealed = await readNextPart(deps.db, file.id)
  if (sealed === undefined) return deps.db.inTransaction((tx) => finish(tx, file))
  const vault = vaultOf(deps, file)
  const { part, waiting } = openPart(file, vault, sealed)
  const taken = await taking.take(deps, part)
  return deps.db.inTransaction(async (tx) => {
    if (!(await lockRunning(tx, file.id))) return false
    await record(tx, { file, sealed, vault, waiting }, taken)
    return finish(tx, file)
  })
}

async function finish(tx: Tx, { id }: FileImport): Promise<true> {
  const file = await completeImport(tx, id)
  if (file !== undefined) {
    const { actor, kind, dryRun, rowCount, created, changed, unchanged, refused } = file
    const detail = { kind, dryRun, rowCount, created, changed, unchanged, refused }
    appendAudit(tx, { actor, action: 'import.completed', object: formatId('fileImport', id), detail })
  }
  return true
}

interface OpenedPart {
  readonly part: FilePart
  readonly waiting: readonly WaitingRow[]
}

function openPart(file: FileImport, vault: FileVault, sealed: SealedPart): OpenedPart {
  const waiting = JSON.parse(vault.open(sealed.vault, partPlace(sealed))) as readonly WaitingRow[]
  const rows = waiting.map((row) => rowOf(file.columns, row))
  const { id: importId, actor, dryRun, receivedAt } = file
  const name = `${formatId('fileImport', importId)} ${partPlace(sealed)}`
  return { part: { importId, name, actor, dryRun, receivedAt, rows }, waiting }
}

/** What is kept of a refused row, sealed: the row itself and everything wrong with it. */
export interface KeptRefusal {
  readonly cells: readonly string[]
  readonly problems: readonly Problem[]
}

export function rowPlace(line: number): string {
  return `row ${line}`
}

interface TakenPart {
  readonly file: FileImport
  readonly sealed: SealedPart
  readonly vault: FileVault
  readonly waiting: readonly WaitingRow[]
}

async function record(
  tx: Tx,
  { file, sealed, vault, waiting }: TakenPart,
  taken: readonly RowOutcome[],
): Promise<void> {
  // Somebody else took it while we did: what they recorded is what our doors answered as well.
  if (!(await deletePart(tx, file.id, sealed))) return
  const outcomeByLine = new Map(taken.map((outcome) => [outcome.line, outcome]))
  const rows = waiting.map(({ line, cells }) => {
    const { outcome, subject, problems } = must(outcomeByLine.get(line), 'an outcome for every row of the part')
    const kept: KeptRefusal = { cells, problems }
    return {
      line,
      outcome,
      subject,
      vault: outcome === 'refused' ? vault.seal(JSON.stringify(kept), rowPlace(line)) : null,
    }
  })
  recordRows(tx, file.id, rows)
}

export function vaultOf({ rooms }: Pick<FileDeps, 'rooms'>, { id, keyVersion, wrappedKey }: FileImport): FileVault {
  return rooms.customers.openFileVault(id, { keyVersion, wrappedKey: must(wrappedKey, 'the key of a file in use') })
}

/** Longer than a request may take to bring a file. */
const RECEIVING_MAX_MS = HOUR_MS
/** Long enough to correct what was refused; personal data is not kept for longer than it is of use. */
const REFUSED_KEPT_MS = 7 * DAY_MS

/** Drops files that never came in whole, and destroys what refused rows said some days later. */
export async function forgetFiles(db: Db, limit: number): Promise<number> {
  return db.inTransaction(async (tx) => {
    const dropped = await dropReceiving(tx, { untouchedSince: addMs(tx.wallAt, -RECEIVING_MAX_MS), limit })
    const forgotten = await forgetImport(tx, addMs(tx.at, -REFUSED_KEPT_MS))
    return Math.max(dropped, forgotten)
  })
}
