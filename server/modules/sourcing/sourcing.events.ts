import { Type } from 'typebox'

export const events = {
  'network_node.saved': {
    summary: 'What a location does for the network, or when it works, changed.',
    data: Type.Object({ locationId: Type.String({ description: 'The id of the location, `loc_…`.' }) }),
  },
} as const
