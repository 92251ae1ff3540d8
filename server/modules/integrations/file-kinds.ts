import { must } from '../../kernel/invariant.ts'
import { customersFile } from './customers-file.ts'
import type { FileKind, FileKindName } from './file-kind.ts'
import { pricesFile } from './prices-file.ts'
import { productsFile } from './products-file.ts'
import { stockFile } from './stock-file.ts'

/** Everything that goes in and out as a file. */
export const fileKinds: readonly FileKind[] = [productsFile, pricesFile, stockFile, customersFile]

export function kindOf(name: FileKindName): FileKind {
  return must(
    fileKinds.find((kind) => kind.name === name),
    'a kind for every name',
  )
}
