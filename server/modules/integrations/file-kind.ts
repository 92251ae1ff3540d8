import type { Readable } from 'node:stream'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Customers } from '../customers/index.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Pricing } from '../pricing/index.ts'
import type { FileRow, Problem } from './cell.ts'

export const fileKindNames = ['products', 'prices', 'stock', 'customers'] as const
export type FileKindName = (typeof fileKindNames)[number]

export interface FileDeps {
  readonly db: Db
  readonly rooms: {
    readonly merchant: Merchant
    readonly catalog: Catalog
    readonly customers: Customers
    readonly pricing: Pricing
    readonly inventory: Inventory
  }
}

export interface FileColumn {
  /** `sku`; one that ends in a colon stands for as many as a merchant needs: `option:`, with `option:colour`. */
  readonly name: string
  readonly about: string
  /** A file without it is refused. */
  readonly required?: boolean
  /** Only machines wrote it: digits in it are nobody's card. */
  readonly code?: boolean
}

export type Outcome = 'created' | 'changed' | 'unchanged' | 'refused'

export interface RowOutcome {
  readonly line: number
  readonly outcome: Outcome
  /** What the row is about; never personal. */
  readonly subject: string | null
  /** Of a refused row: at least one. */
  readonly problems: readonly Problem[]
}

/** Rows of a file that are taken together. */
export interface FilePart {
  readonly importId: Id<'fileImport'>
  /** Which part of its file it is: the same whenever it is tried. */
  readonly name: string
  readonly actor: string
  readonly dryRun: boolean
  /** When the file was handed in; business time. */
  readonly receivedAt: Instant
  readonly rows: readonly FileRow[]
}

/** Where a row belongs in its file. */
export interface RowPlace {
  /** Rows of one group stand together and are taken together; null when the row stands alone. */
  readonly group: string | null
  /** No two rows of a file have the same; null when that cannot be told. */
  readonly key: string | null
  readonly stage: 0 | 1
  readonly subject: string | null
}

/** What can be handed in and out as a file. */
export interface FileKind {
  readonly name: FileKindName
  readonly columns: readonly FileColumn[]
  /** Taken in one transaction, which must stay short. */
  readonly rowsPerPart: number
  placeOf(row: FileRow): RowPlace
  /** How its rows take effect: in the transaction that records it, or by a door with transactions of its own, under a name. */
  readonly taking:
    | { readonly kind: 'joined'; take(deps: FileDeps, tx: Tx, part: FilePart): Promise<RowOutcome[]> }
    | { readonly kind: 'named'; take(deps: FileDeps, part: FilePart): Promise<RowOutcome[]> }
  /** The header, then a row for everything there is, a page in memory at a time. Texts as they are, not yet as cells. */
  walk(deps: FileDeps): AsyncGenerator<readonly (readonly string[])[], void, undefined>
}

/** A file as it comes. */
export interface SentFile {
  readonly bytes: Readable
  readonly packed: boolean
}

export function accepted(line: number, outcome: Exclude<Outcome, 'refused'>, subject: string | null): RowOutcome {
  return { line, outcome, subject, problems: [] }
}

export function refusedRow(line: number, subject: string | null, problems: readonly Problem[]): RowOutcome {
  return { line, outcome: 'refused', subject, problems }
}

/** What a row is refused for when it is right itself. */
export function neighbourRefused(line: number): Problem {
  return {
    column: null,
    value: null,
    code: 'neighbour_refused',
    message: `The row belongs to that of line ${line}, which is refused.`,
  }
}
