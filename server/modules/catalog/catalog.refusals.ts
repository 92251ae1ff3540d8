import type { RefusalTable } from '../../platform/http/index.ts'
import type { SaveProductRefusal } from './save-products.ts'
import type { TaxonomyRefusal } from './save-taxonomy.ts'

export type CatalogRefusal =
  | SaveProductRefusal
  | TaxonomyRefusal
  | { readonly code: 'batch_too_large'; readonly variantsMax: number }

export const refusals = {
  handle_taken: { status: 409, meaning: 'Another product has the handle.' },
  product_invalid: {
    status: 422,
    meaning: 'The product cannot be saved; `problems` names each place by its JSON pointer, with a code.',
  },
  taxonomy_invalid: {
    status: 422,
    meaning: 'The category or attribute cannot be saved; `problems` names each place by its JSON pointer, with a code.',
  },
  batch_too_large: {
    status: 422,
    meaning: 'The batch has more than `variantsMax` variants; send fewer products at once.',
  },
} as const satisfies RefusalTable<CatalogRefusal>
