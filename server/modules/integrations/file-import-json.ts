import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { idJson, InstantJson, strict } from '../../platform/http/index.ts'
import type { FileVault } from '../customers/index.ts'
import { rowPlace, type KeptRefusal } from './advance-import.ts'
import { fileKindNames } from './file-kind.ts'
import type { FileImport, RecordedRow } from './files.sql.ts'

const Count = Type.Integer({ minimum: 0 })
export const OutcomeJson = Type.Enum(['created', 'changed', 'unchanged', 'refused'])

export const FileImportJson = strict(
  {
    id: idJson('fileImport'),
    kind: Type.Enum([...fileKindNames]),
    dryRun: Type.Boolean({ description: 'Nothing is changed; what would be is told.' }),
    status: Type.Enum(['running', 'completed', 'failed'], {
      description: 'Failed: by a defect of the server, after some rows; handed in again, those change nothing.',
    }),
    rows: strict(
      { total: Count, created: Count, changed: Count, unchanged: Count, refused: Count },
      { title: 'FileImportRows', description: 'Until it is completed the last four do not yet come to the total.' },
    ),
    receivedAt: InstantJson,
    finishedAt: Type.Union([InstantJson, Type.Null()]),
  },
  { title: 'FileImport' },
)

export const FileProblemJson = strict(
  {
    column: Type.Union([Type.String(), Type.Null()], { description: 'null where it is the row as a whole.' }),
    value: Type.Union([Type.String(), Type.Null()], { description: 'What stands there, where it may be repeated.' }),
    code: Type.String(),
    message: Type.String(),
  },
  { title: 'FileProblem' },
)

export const FileRowJson = strict(
  {
    line: Type.Integer({ minimum: 2, description: 'As an editor counts: the header is line 1.' }),
    outcome: OutcomeJson,
    subject: Type.Union([Type.String(), Type.Null()], {
      description: 'What the row is about, where that is not personal.',
    }),
    problems: Type.Array(FileProblemJson, { description: 'Of a refused row: everything that is wrong with it.' }),
  },
  { title: 'FileRow' },
)

export function fileImportJson(file: FileImport): Static<typeof FileImportJson> {
  const { id, kind, dryRun, status, rowCount: total, created, changed, unchanged, refused } = file
  return {
    id: formatId('fileImport', id),
    kind,
    dryRun,
    // Whoever can name it has been told that it is in whole.
    status: status === 'receiving' ? 'running' : status,
    rows: { total, created, changed, unchanged, refused },
    receivedAt: formatInstant(file.receivedAt),
    finishedAt: file.finishedAt === null ? null : formatInstant(file.finishedAt),
  }
}

/** @param vault  null where the file's key is destroyed */
export function fileRowJson(
  { line, outcome, subject, vault: sealed }: RecordedRow,
  vault: FileVault | null,
): Static<typeof FileRowJson> {
  return { line, outcome, subject, problems: [...(openRefusal(line, sealed, vault)?.problems ?? [])] }
}

export function openRefusal(line: number, sealed: Buffer | null, vault: FileVault | null): KeptRefusal | null {
  if (sealed === null || vault === null) return null
  return JSON.parse(vault.open(sealed, rowPlace(line))) as KeptRefusal
}
