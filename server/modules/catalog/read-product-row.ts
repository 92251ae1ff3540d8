import { Compile } from 'typebox/compile'
import { violationsOf } from '../../platform/http/validate.ts'
import type { ProductEdit } from './decide-products.ts'
import { ProductRow, readProductEdit, type RowErrorJson } from './product-json.ts'

export type ReadProductRow =
  | { readonly kind: 'edit'; readonly edit: ProductEdit }
  /** `path` is a JSON pointer into the row. */
  | { readonly kind: 'invalid'; readonly errors: readonly RowErrorJson[] }

const compile = () => Compile(ProductRow)
let compiled: ReturnType<typeof compile> | undefined

/** Reads a row of a batch of products; what is not one is told with everything that is wrong with it. */
export function readProductRow(row: unknown): ReadProductRow {
  const validator = (compiled ??= compile())
  if (validator.Check(row)) return { kind: 'edit', edit: readProductEdit(row) }
  const errors = violationsOf(validator, row).map((violation) => ({ ...violation, code: 'invalid' as const }))
  return { kind: 'invalid', errors }
}
