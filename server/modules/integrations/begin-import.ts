import { formatId, type Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import type { FileKindName } from './file-kind.ts'
import { beginRunning } from './files.sql.ts'

/** Begins to take a file that was received: from here on it is taken whatever happens. */
export async function beginImport(
  tx: Tx,
  {
    id,
    kind,
    actor,
    dryRun,
    rowCount,
  }: {
    readonly id: Id<'fileImport'>
    readonly kind: FileKindName
    readonly actor: string
    readonly dryRun: boolean
    readonly rowCount: number
  },
): Promise<void> {
  invariant(await beginRunning(tx, id), 'a file received a moment ago is there')
  const detail = { kind, dryRun, rowCount }
  appendAudit(tx, { actor, action: 'import.received', object: formatId('fileImport', id), detail })
}
