import { Type } from 'typebox'

const id = Type.String({ description: 'The id of what was saved.' })
const saved = Type.Object({
  id,
  fields: Type.Array(Type.String(), { description: 'The names of the fields that were written.' }),
})

export const events = {
  'price_list.created': { summary: 'A price list was added.', data: saved },
  'price_list.edited': { summary: 'The name, priority or validity of a price list changed.', data: saved },
  'price_list.repriced': {
    summary: 'Prices of a list were set or withdrawn.',
    data: Type.Object({ id, changedCount: Type.Integer({ description: 'How many prices are other than before.' }) }),
  },
  'tax_rate.created': { summary: 'A tax rate was added.', data: saved },
  'tax_rate.edited': { summary: 'The name, percentage or validity of a tax rate changed.', data: saved },
  'promotion.created': { summary: 'A promotion was added.', data: saved },
  'promotion.edited': { summary: 'Fields of a promotion changed.', data: saved },
  'promotion_codes.added': {
    summary: 'Codes of a promotion were added.',
    data: Type.Object({
      promotionId: Type.String({ description: 'The promotion they are for.' }),
      count: Type.Integer({ description: 'How many.' }),
    }),
  },
  'promotion_code.switched': {
    summary: 'A code was switched on or off.',
    data: Type.Object({ id, promotionId: Type.String(), active: Type.Boolean() }),
  },
  'delivery_tariff.created': { summary: 'A delivery tariff was added.', data: saved },
  'delivery_tariff.edited': { summary: 'Fields of a delivery tariff changed.', data: saved },
} as const
