/** One row of docs/errors.md. `meaning` is one sentence for the developer who received the code. */
export interface RefusalMeaning {
  readonly status: number
  readonly meaning: string
}

/** What a room answers when it says no: a code that stays, and whatever the caller needs to go on. */
export interface Refusal {
  readonly code: string
  readonly detail?: string
}

/** A row for every code of a union of refusals; the compiler counts them. */
export type RefusalTable<Refused extends Refusal = Refusal> = Readonly<Record<Refused['code'], RefusalMeaning>>

/** The refusals any route can answer with. */
export const refusals = {
  malformed_json: { status: 400, meaning: 'The body is not JSON in UTF-8.' },
  malformed_request: { status: 400, meaning: 'The request is not HTTP as the server understands it.' },
  idempotency_key_required: { status: 400, meaning: 'The operation asks for an `Idempotency-Key` header.' },
  idempotency_key_invalid: {
    status: 400,
    meaning: 'An `Idempotency-Key` has 22 to 255 visible ASCII characters; a UUID is a good one.',
  },
  if_match_invalid: { status: 400, meaning: '`If-Match` carries the one version that was read, such as `"3"`.' },
  unauthenticated: { status: 401, meaning: 'The request has no API key, or one that is unknown or revoked.' },
  customer_required: {
    status: 401,
    meaning: 'The operation is about an account: send a `Waybill-Customer-Token` of its owner.',
  },
  customer_token_invalid: {
    status: 401,
    meaning: 'The `Waybill-Customer-Token` is not valid here, or no longer: sign in again, or go on without it.',
  },
  scope_missing: { status: 403, meaning: 'The key does not open this operation; it asks for `scope`.' },
  not_found: { status: 404, meaning: 'There is nothing here, or nothing that this key may see.' },
  method_not_allowed: { status: 405, meaning: 'The path has other methods, named in the `Allow` header.' },
  request_timeout: { status: 408, meaning: 'The request did not arrive whole in time.' },
  request_in_progress: {
    status: 409,
    meaning: 'A request with this `Idempotency-Key` is still at work; send it again after `Retry-After` seconds.',
  },
  version_mismatch: {
    status: 412,
    meaning: 'The object was changed since the version in `If-Match`; read it again and decide anew.',
  },
  body_too_large: { status: 413, meaning: 'The body is longer than the operation takes.' },
  unsupported_media_type: {
    status: 415,
    meaning: 'Bodies are `application/json` in UTF-8, not compressed; files are `text/csv` in UTF-8, plain or in gzip.',
  },
  invalid_request: {
    status: 422,
    meaning: 'The request is not what the operation takes; `errors` names each place by its JSON pointer.',
  },
  idempotency_key_reused: { status: 422, meaning: 'This `Idempotency-Key` came with another request before.' },
  if_match_required: { status: 428, meaning: 'An edit says in `If-Match` which version it was decided on.' },
  rate_limited: { status: 429, meaning: 'The key sent more requests than it may; go on after `Retry-After` seconds.' },
  headers_too_large: { status: 431, meaning: 'The header fields are longer than the server reads.' },
  internal: { status: 500, meaning: 'A defect of the server, logged under `requestId`.' },
  busy: {
    status: 503,
    meaning:
      'Nothing was written because too much is written at once; send the request again after `Retry-After` seconds.',
  },
  overloaded: {
    status: 503,
    meaning: 'The server turned the request away unread; send it again after `Retry-After` seconds.',
  },
  not_ready: { status: 503, meaning: 'The server lives but cannot take orders; `reason` says what it waits for.' },
  database_away: {
    status: 503,
    meaning:
      'Nothing was written because the database cannot be reached; send the request again after `Retry-After` seconds.',
  },
  identity_provider_away: {
    status: 503,
    meaning:
      'The keys of the identity provider cannot be fetched: send the request again after `Retry-After` seconds, or ' +
      'without the `Waybill-Customer-Token`.',
  },
  written_unread: {
    status: 503,
    meaning: 'What was asked for is done; how it looks now cannot be told. Read it again after `Retry-After` seconds.',
  },
  outcome_unknown: {
    status: 503,
    meaning:
      'The database went away while it was committing; the same request with the same key tells what became of it.',
  },
} as const satisfies RefusalTable

export type PlatformCode = keyof typeof refusals
