import { Type } from 'typebox'

const saved = Type.Object({
  id: Type.String({ description: 'The id of what was saved.' }),
  code: Type.String(),
  fields: Type.Array(Type.String(), { description: 'The names of the fields that were written.' }),
})

export const events = {
  'legal_entity.created': { summary: 'A legal entity was added.', data: saved },
  'legal_entity.edited': { summary: 'Fields of a legal entity changed.', data: saved },
  'market.created': { summary: 'A market was added.', data: saved },
  'market.edited': { summary: 'Fields of a market changed.', data: saved },
  'channel.created': { summary: 'A selling channel was added.', data: saved },
  'channel.edited': { summary: 'Fields of a selling channel changed.', data: saved },
  'zone.created': { summary: 'A tax and delivery zone was added.', data: saved },
  'zone.edited': { summary: 'The area or name of a zone changed.', data: saved },
  'calendar.created': { summary: 'A working calendar was added.', data: saved },
  'calendar.edited': { summary: 'Working or closed days of a calendar changed.', data: saved },
} as const
