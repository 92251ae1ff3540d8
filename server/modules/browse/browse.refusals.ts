import type { RefusalTable } from '../../platform/http/index.ts'
import type { BrowseRefusal } from './answer.ts'

export const refusals = {
  currency_unknown: { status: 422, meaning: 'The channel sells in `currencies` only.' },
} as const satisfies RefusalTable<BrowseRefusal>
