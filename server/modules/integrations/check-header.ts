import type { FileColumn } from './file-kind.ts'

/** The columns that a file of refused rows has more: not read, so that it can be corrected and handed in again. */
export const REJECT_COLUMNS = ['import_line', 'import_problems'] as const

export type HeaderProblem =
  | { readonly column: string; readonly problem: 'unknown' }
  | { readonly column: string; readonly problem: 'repeated' }
  | { readonly column: string; readonly problem: 'missing' }

export type CheckedHeader =
  /** By place; null where nothing is read. */
  | { readonly kind: 'fits'; readonly columns: readonly (string | null)[] }
  | { readonly kind: 'misfit'; readonly problems: readonly HeaderProblem[] }

/** Which column each cell of the file belongs to. Names are told apart by what follows a colon only. */
export function checkHeader(cells: readonly string[], known: readonly FileColumn[]): CheckedHeader {
  const problems: HeaderProblem[] = []
  const seen = new Set<string>()
  const columns = cells.map((cell) => {
    const name = plainName(cell)
    if (name === '' || REJECT_COLUMNS.some((column) => column === name)) return null
    if (seen.has(name)) problems.push({ column: name, problem: 'repeated' })
    else if (!known.some((column) => isOf(name, column))) problems.push({ column: name, problem: 'unknown' })
    seen.add(name)
    return name
  })
  for (const { name, required } of known) {
    if (required === true && !seen.has(name)) problems.push({ column: name, problem: 'missing' })
  }
  return problems.length === 0 ? { kind: 'fits', columns } : { kind: 'misfit', problems }
}

export function columnOf(name: string, known: readonly FileColumn[]): FileColumn | undefined {
  return known.find((column) => isOf(name, column))
}

function isOf(name: string, column: FileColumn): boolean {
  return column.name.endsWith(':')
    ? name.startsWith(column.name) && name.length > column.name.length
    : name === column.name
}

/** ` Option:Colour ` → `option:Colour`: what stands before a colon is ours, what follows it the merchant's. */
function plainName(cell: string): string {
  const [base = '', ...rest] = cell.trim().split(':')
  const plain = base.trim().toLowerCase().replaceAll(/[ -]+/g, '_')
  return rest.length === 0 ? plain : `${plain}:${rest.join(':').trim()}`
}
