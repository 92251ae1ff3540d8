import { Type } from 'typebox'

const service = Type.Object({
  id: Type.String({ description: 'The id of the shipping service, `svc_…`.' }),
  code: Type.String(),
  fields: Type.Array(Type.String(), { description: 'The names of the fields that were written.' }),
})

export const events = {
  'carrier.saved': {
    summary: 'A carrier was added or renamed.',
    data: Type.Object({ code: Type.String(), name: Type.String() }),
  },
  'shipping_service.created': { summary: 'A shipping service was added.', data: service },
  'shipping_service.edited': { summary: 'A shipping service or its transit days changed.', data: service },
} as const
