import { Type } from 'typebox'

const data = Type.Object({ id: Type.String({ description: 'The id of the person; events never hold personal data.' }) })

export const events = {
  'customer.created': { summary: 'A customer was given an account.', data },
  'customer.erased': { summary: 'The personal data of a customer was destroyed.', data },
} as const
