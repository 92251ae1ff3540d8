import { Type } from 'typebox'

const id = Type.String({ description: 'The id of the person; events never hold personal data.' })
const fields = Type.Array(Type.String(), { description: 'Which fields changed, not what they hold.' })
const segmentId = Type.String({ description: 'The id of the segment, `seg_…`.' })

export const events = {
  'customer.created': { summary: 'A customer was given an account.', data: Type.Object({ id }) },
  'customer.edited': { summary: 'An account was changed.', data: Type.Object({ id, fields }) },
  'customer.email_verified': {
    summary: "It is proved that the e-mail of an account is its owner's.",
    data: Type.Object({ id }),
  },
  'customer.password_changed': {
    summary: 'An account has a new password; its other sessions ended.',
    data: Type.Object({ id }),
  },
  'customer.message_due': {
    summary: "An account's owner is to be told something; whoever delivers it fetches it with a secret key.",
    data: Type.Object({
      id,
      messageId: Type.String({ description: 'The id of the message, `msg_…`.' }),
      kind: Type.Enum(['verify_email', 'reset_password', 'already_registered']),
      channelId: Type.String({ description: 'Where they asked for it.' }),
    }),
  },
  'customer.guests_merged': {
    summary: "Guests turned out to be an account's owner: their orders and carts are the account's.",
    data: Type.Object({ id, guestIds: Type.Array(Type.String()) }),
  },
  'customer.consent_recorded': {
    summary: 'A person gave or withdrew a consent.',
    data: Type.Object({
      id,
      purpose: Type.String(),
      channel: Type.Enum(['email', 'sms', 'phone', 'push', 'post', 'web']),
      decision: Type.Enum(['given', 'withdrawn']),
      wordingVersion: Type.String({ description: 'Which text they had before them.' }),
      source: Type.String({ description: 'Where they said it.' }),
    }),
  },
  'customer.note_added': {
    summary: 'A note about a customer was written.',
    data: Type.Object({ id, noteId: Type.String() }),
  },
  'customer.erased': { summary: 'The personal data of a customer was destroyed.', data: Type.Object({ id }) },
  'segment.created': { summary: 'A segment was added.', data: Type.Object({ id: segmentId, fields }) },
  'segment.edited': { summary: 'A segment was changed.', data: Type.Object({ id: segmentId, fields }) },
} as const
