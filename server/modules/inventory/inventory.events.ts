import { Type } from 'typebox'

const location = Type.Object({
  id: Type.String({ description: 'The id of the location, `loc_…`.' }),
  code: Type.String(),
  active: Type.Boolean({ description: 'Whether it serves new orders.' }),
  fields: Type.Array(Type.String(), { description: 'The names of the fields that were written.' }),
})

const inbound = Type.Object({
  id: Type.String({ description: 'The id of the inbound, `inb_…`.' }),
  reference: Type.String(),
  locationId: Type.String(),
  eta: Type.String({ description: 'When the goods are expected, RFC 3339.' }),
  status: Type.Enum(['open', 'received', 'cancelled']),
})

export const events = {
  'inventory.changed': {
    summary:
      'Supply of these SKUs changed: sold, freed, counted, adjusted, announced or received. Read its levels anew.',
    data: Type.Object({
      variantIds: Type.Array(Type.String(), { description: 'At most 1,000; a larger change is several events.' }),
    }),
  },
  'supply.shortfall': {
    summary:
      'Units that carts and orders had claimed at a location are not there; they were given back to their orders.',
    data: Type.Object({
      variantId: Type.String(),
      sku: Type.String(),
      locationId: Type.String(),
      location: Type.String({ description: "The location's code." }),
      freedUnits: Type.Integer({ minimum: 1 }),
    }),
  },
  'inbound.created': { summary: 'Goods on their way to a location were announced and can be sold.', data: inbound },
  'inbound.edited': { summary: 'When an inbound comes, or how much it brings, changed.', data: inbound },
  'inbound.received': { summary: 'Goods of an inbound came; `open` when more is to come.', data: inbound },
  'inbound.cancelled': { summary: 'What had not come of an inbound will not come.', data: inbound },
  'location.created': { summary: 'A location was added.', data: location },
  'location.edited': {
    summary: 'Fields of a location changed, such as its address or whether it is active.',
    data: location,
  },
} as const
