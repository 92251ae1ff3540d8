import type { RefusalTable } from '../../platform/http/index.ts'
import type { BrowseRefusal } from './answer.ts'

export const refusals = {
  currency_unknown: { status: 422, meaning: 'The channel sells in `currencies` only.' },
  location_unknown: { status: 422, meaning: 'The channel sells from no such location.' },
  filter_invalid: {
    status: 422,
    meaning: 'A filter is not one of this catalog; `problems` names each with what it takes.',
  },
} as const satisfies RefusalTable<BrowseRefusal>
