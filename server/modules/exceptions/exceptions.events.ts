import { Type } from 'typebox'

const id = Type.String({ description: 'The id of the exception, `exc_…`.' })
const reason = Type.String({ description: 'What is wrong, in snake case.' })
const objectId = Type.String({ description: 'The id of the order, attempt or whatever else it is about.' })

export const events = {
  'exception.raised': {
    summary: 'Something needs a person.',
    data: Type.Object({
      id,
      reason,
      objectId,
      nextAction: Type.String({ description: 'What to do, in one sentence.' }),
      dueAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    }),
  },
  'exception.closed': { summary: 'An exception was settled.', data: Type.Object({ id, reason, objectId }) },
} as const
