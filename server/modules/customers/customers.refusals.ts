import type { RefusalTable } from '../../platform/http/index.ts'
import type { CreateAccountRefusal } from './create-account.ts'

export type CustomersRefusal = CreateAccountRefusal

export const refusals = {
  email_invalid: { status: 422, meaning: 'This is not an e-mail address.' },
  email_taken: { status: 409, meaning: 'The e-mail address has an account already.' },
  phone_invalid: {
    status: 422,
    meaning:
      'No numbering plan can hold this telephone number; one without country code is taken to be of the address.',
  },
  address_invalid: { status: 422, meaning: 'A parcel cannot be sent to this address; `problems` names the fields.' },
} as const satisfies RefusalTable<CustomersRefusal>
