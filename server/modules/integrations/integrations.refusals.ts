import type { RefusalTable } from '../../platform/http/index.ts'
import type { HeaderProblem } from './check-header.ts'
import type { ReceiveRefusal } from './receive-file.ts'

export type IntegrationsRefusal =
  | Exclude<ReceiveRefusal, { readonly code: 'file_columns' }>
  | { readonly code: 'file_columns'; readonly errors: readonly { readonly path: string; readonly message: string }[] }
  | { readonly code: 'rows_forgotten' }

export const refusals = {
  file_empty: { status: 422, meaning: 'The file has no header: its first line names the columns.' },
  file_not_utf8: { status: 422, meaning: 'The file is not text in UTF-8; `detail` says where that shows.' },
  file_not_csv: { status: 422, meaning: 'The file is not CSV; `detail` names the line and what is wrong with it.' },
  file_not_gzip: { status: 422, meaning: 'The file is said to be gzip, and is not, or ends too early.' },
  file_too_large: { status: 413, meaning: 'The file has more bytes than are taken at once; divide it.' },
  file_too_long: { status: 422, meaning: 'The file has more than `rowsMax` rows; divide it.' },
  file_columns: {
    status: 422,
    meaning: 'The header has columns that nobody knows, has some twice, or lacks some; `errors` names them all.',
  },
  rows_forgotten: {
    status: 410,
    meaning: 'What the rows said is destroyed: it is kept for seven days after the import ended.',
  },
} as const satisfies RefusalTable<IntegrationsRefusal>

/** A refusal as it is answered: every column by its JSON pointer into the header. */
export function refusalOf(refusal: ReceiveRefusal): IntegrationsRefusal {
  if (refusal.code !== 'file_columns') return refusal
  const errors = refusal.problems.map(({ column, problem }) => ({ path: `/${column}`, message: messages[problem] }))
  return { code: 'file_columns', errors }
}

const messages: Readonly<Record<HeaderProblem['problem'], string>> = {
  unknown: 'is not a column of this kind of file',
  repeated: 'is there twice',
  missing: 'is missing',
}
