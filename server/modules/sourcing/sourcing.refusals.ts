import type { RefusalTable } from '../../platform/http/index.ts'
import type { NodeRefusal } from './check-node.ts'

export const refusals = {
  network_invalid: {
    status: 422,
    meaning:
      'A location cannot work like this; `problems` names each place by its JSON pointer and why: `channel_unknown`, ' +
      '`calendar_unknown`, `service_unknown`, `country_unknown`, `repeated`, `ships_nowhere`, `hours_overlap` or ' +
      '`closes_before_it_opens`.',
  },
} as const satisfies RefusalTable<NodeRefusal>
