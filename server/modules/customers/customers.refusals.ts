import type { RefusalTable } from '../../platform/http/index.ts'
import type { AddAddressRefusal } from './address-book.ts'
import type { SegmentRefusal } from './check-segment.ts'
import type { CreateAccountRefusal } from './create-account.ts'
import type { EditAccountRefusal } from './edit-account.ts'
import type { ProveEmailRefusal, ResetPasswordRefusal } from './prove-email.ts'
import type { ChangePasswordRefusal } from './sign-in.ts'
import type { SignUpRefusal } from './sign-up.ts'

export type CustomersRefusal =
  | AddAddressRefusal
  | ChangePasswordRefusal
  | CreateAccountRefusal
  | EditAccountRefusal
  | ProveEmailRefusal
  | ResetPasswordRefusal
  | SegmentRefusal
  | SignUpRefusal
  | { readonly code: 'account_unknown' }
  | { readonly code: 'channel_unknown' }
  | { readonly code: 'consent_in_future' }
  | { readonly code: 'email_not_verified' }

export const refusals = {
  account_unknown: { status: 404, meaning: 'There is no account with this id, or it is erased.' },
  channel_unknown: { status: 422, meaning: 'There is no channel with this id.' },
  email_invalid: { status: 422, meaning: 'This is not an e-mail address.' },
  email_taken: { status: 409, meaning: 'The e-mail address has an account already.' },
  email_not_verified: {
    status: 409,
    meaning: "It is not proved yet that the e-mail is its owner's; guests with it are nobody's until then.",
  },
  phone_invalid: {
    status: 422,
    meaning:
      'No numbering plan can hold this telephone number; one without country code is taken to be of the address.',
  },
  address_invalid: { status: 422, meaning: 'A parcel cannot be sent to this address; `problems` names the fields.' },
  too_many_addresses: { status: 409, meaning: 'An address book holds `addressesMax`; take one out first.' },
  tag_invalid: {
    status: 422,
    meaning: '`tag` is not 1 to 40 lower-case letters and digits in groups separated by `-` or `_`.',
  },
  tax_exemption_missing: { status: 422, meaning: '`taxExemptUntil` is given for an account that is not tax-exempt.' },
  tax_exemption_over: { status: 422, meaning: '`taxExemptUntil` lies in the past.' },
  consent_in_future: { status: 422, meaning: '`occurredAt` lies in the future.' },
  credentials_wrong: { status: 401, meaning: 'The e-mail has no account here, or the password is another one.' },
  password_too_short: { status: 422, meaning: 'A password has at least `charactersMin` characters.' },
  sign_in_slowed: {
    status: 429,
    meaning: 'Too many attempts went wrong; the next one is looked at after `retryAfterMs`.',
  },
  token_invalid: { status: 422, meaning: 'The token is not valid, or no longer; ask for another one.' },
  segment_code_invalid: {
    status: 422,
    meaning: 'A code is 1 to 40 lower-case letters and digits, in groups separated by one of `-`, `_` or `.`.',
  },
  segment_code_taken: { status: 409, meaning: 'Another segment has the code.' },
  segment_name_blank: { status: 422, meaning: 'The name has no visible character.' },
  segment_rule_invalid: {
    status: 422,
    meaning: 'The rule makes no sense; `reasons` names each part by its JSON pointer and what is wrong with it.',
  },
  too_many_segments: {
    status: 409,
    meaning: 'There are `segmentsMax` segments already; each is decided for each cart.',
  },
} as const satisfies RefusalTable<CustomersRefusal>

/** Why a write within an account did not come about: nobody was there, or what it says. */
export function refusalOf<Refused extends CustomersRefusal>(
  outcome: { readonly kind: 'unknown' } | { readonly kind: 'refused'; readonly refusal: Refused },
): Refused | { readonly code: 'account_unknown' } {
  return outcome.kind === 'unknown' ? { code: 'account_unknown' } : outcome.refusal
}
