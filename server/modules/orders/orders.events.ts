import { Type } from 'typebox'

const orderId = Type.String({ description: 'The id of the order, `ord_…`.' })
const ended = Type.Object({
  orderId,
  reason: Type.String({ description: 'Why, in snake case or in the words of whoever did it.' }),
  actor: Type.String({ description: '`buyer`, `system`, or the key that did it.' }),
})

export const events = {
  'order.placed': {
    summary: 'An order was taken and its goods are claimed; it may still wait for its payment.',
    data: Type.Object({
      orderId,
      number: Type.String({ description: 'The number people use.' }),
      channelId: Type.String(),
      reference: Type.Union([Type.String(), Type.Null()], { description: "The channel's own name for it." }),
      personId: Type.Union([Type.String(), Type.Null()]),
      groups: Type.Array(
        Type.Object({
          number: Type.Integer(),
          method: Type.Enum(['ship', 'pickup', 'carried_out', 'none']),
          locationId: Type.Union([Type.String(), Type.Null()], { description: 'Where the buyer takes the goods.' }),
        }),
        { description: 'How the goods reach the buyer; each line is in one of them.' },
      ),
      total: Type.Object({ amount: Type.Integer(), currency: Type.String() }),
      lines: Type.Array(
        Type.Object({ lineId: Type.String(), group: Type.Integer(), sku: Type.String(), quantity: Type.Integer() }),
      ),
    }),
  },
  'order.accepted': {
    summary: 'The money is safe: the order is open and will be fulfilled.',
    data: Type.Object({ orderId }),
  },
  'order.completed': { summary: 'Nothing is left to deliver or to pay.', data: Type.Object({ orderId }) },
  'order.cancelled': { summary: 'The order was cancelled; its goods and its money were given back.', data: ended },
  'order.expired': { summary: 'Nobody paid in time; the goods were given back.', data: ended },
} as const
