import { Pool } from 'undici'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { MONEY_MINOR_MAX, type CurrencyCode } from '../../kernel/money.ts'
import { parseInstant } from '../../kernel/time.ts'
import { assertOutsideTransaction } from '../../platform/outside.ts'
import type {
  AuthoriseAnswer,
  Authorised,
  AuthoriseRequest,
  BookPage,
  CallLimit,
  CaptureAnswer,
  ExpectedPayment,
  KnownPayment,
  Mismatch,
  MoveRequest,
  NotFound,
  PaymentProvider,
  ProviderAbilities,
  RefundAnswer,
  Refused,
  Unknown,
  VoidAnswer,
  VoidRequest,
} from '../../modules/payments/ports.ts'
import { callHttp, type HttpAnswer, type HttpCall } from './http-call.ts'

export interface SandboxProviderOptions {
  /** Where `sandbox/psp/main.ts` listens, such as `http://127.0.0.1:4100`. */
  readonly baseUrl: string
  readonly secret?: string
  /** Calls under way at once; more wait for a connection within their deadline. */
  readonly connections?: number
}

export interface SandboxProvider extends PaymentProvider {
  readonly readBook: NonNullable<PaymentProvider['readBook']>
  /** Waits for the calls under way, then lets go of the connections. */
  close(): Promise<void>
}

/** Not pipelined, so that one silent payment holds up no other; 256 leaves room for a flash sale with silent ones. */
const CONNECTIONS = 256
const CONNECT_TIMEOUT_MS = 2_000
/** Below the provider's own limit, so that a connection is not closed under a request. */
const KEEP_ALIVE_MS = 30_000

/** Of its book; 2 MB of JSON. */
const BOOK_PAGE_ENTRIES = 10_000

const abilities: ProviderAbilities = {
  partialCapture: true,
  multiCapture: true,
  partialRefund: true,
  overCapturePercent: 0,
  authorisationDays: 7,
  buyerSteps: true,
}

const Minor = Type.Integer({ minimum: 0, maximum: Number(MONEY_MINOR_MAX) })
const Name = Type.String({ minLength: 1, maxLength: 200 })

/** Fields we do not read may come and go; the ones we do read must be what they should be. */
const PaymentBody = Type.Object({
  id: Name,
  key: Name,
  reference: Name,
  status: Type.Enum(['processing', 'requires_action', 'authorised', 'declined', 'voided']),
  amount: Minor,
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  authorised: Minor,
  reason: Type.Optional(Name),
  expiresAt: Type.Optional(Name),
  actionUrl: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 2_000 })),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
})
const EntryBody = Type.Object({
  id: Name,
  kind: Type.Enum(['capture', 'void', 'refund']),
  payment: Name,
  amount: Minor,
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  key: Name,
})
const BookBody = Type.Object({
  entries: Type.Array(
    Type.Object({ ...EntryBody.properties, kind: Type.Enum(['authorisation', 'capture', 'void', 'refund']) }),
  ),
  next: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
})
const ProblemBody = Type.Object({ code: Name })

type Payment = Static<typeof PaymentBody>
type Entry = Static<typeof EntryBody>

const paymentBody = Compile(PaymentBody)
const entryBody = Compile(EntryBody)
const bookBody = Compile(BookBody)
const problemBody = Compile(ProblemBody)

/** The sandbox provider's adapter: translates the port to its HTTP calls and believes only answers that check out. */
export function createSandboxProvider(options: SandboxProviderOptions): SandboxProvider {
  const pool = new Pool(options.baseUrl, {
    connections: options.connections ?? CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Every call carries its own deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  })
  const authorization = options.secret === undefined ? {} : { authorization: `Bearer ${options.secret}` }

  const get = (path: string): HttpCall => ({ method: 'GET', path, headers: authorization })
  const post = (path: string, key: string, body: object): HttpCall => ({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', 'idempotency-key': key, ...authorization },
    body: JSON.stringify(body),
  })

  return {
    code: 'sandbox',
    abilities,

    async authorise(request: AuthoriseRequest, { deadlineMs }: CallLimit): Promise<AuthoriseAnswer> {
      assertOutsideTransaction('psp.authorise')
      const { attemptId, reference, amount, token, returnUrl } = request
      const call = post('/payments', attemptId, {
        token,
        amount: Number(amount.minor),
        currency: amount.currency,
        reference,
        returnUrl,
        capture: false,
      })
      return authoriseAnswer(request, await callHttp(pool, call, deadlineMs))
    },

    async continue(request: KnownPayment, { deadlineMs }: CallLimit): Promise<AuthoriseAnswer> {
      assertOutsideTransaction('psp.continue')
      const call = post(`/payments/${encodeURIComponent(request.providerReference)}/confirm`, request.attemptId, {})
      return authoriseAnswer(request, await callHttp(pool, call, deadlineMs))
    },

    async find(expected: ExpectedPayment, { deadlineMs }: CallLimit): Promise<AuthoriseAnswer | NotFound> {
      assertOutsideTransaction('psp.find')
      const answer = await callHttp(pool, get(`/payments?key=${encodeURIComponent(expected.attemptId)}`), deadlineMs)
      const found = authoriseAnswer(expected, answer)
      return found.kind === 'refused' && found.code === 'unknown_payment' ? { kind: 'not_found' } : found
    },

    async void(request: VoidRequest, { deadlineMs }: CallLimit): Promise<VoidAnswer> {
      assertOutsideTransaction('psp.void')
      const entry = await move('void', request, {}, deadlineMs)
      if (!('payment' in entry)) return entry
      const { id, amount } = entry
      return { kind: 'voided', transactionReference: id, voidedMinor: BigInt(amount), currency: request.currency }
    },

    async capture(request: MoveRequest, { deadlineMs }: CallLimit): Promise<CaptureAnswer> {
      assertOutsideTransaction('psp.capture')
      const entry = await moveAmount('capture', request, deadlineMs)
      if (!('payment' in entry)) return entry
      const { minor: capturedMinor, currency } = request.amount
      return { kind: 'captured', transactionReference: entry.id, capturedMinor, currency }
    },

    async refund(request: MoveRequest, { deadlineMs }: CallLimit): Promise<RefundAnswer> {
      assertOutsideTransaction('psp.refund')
      const entry = await moveAmount('refund', request, deadlineMs)
      if (!('payment' in entry)) return entry
      const { minor: refundedMinor, currency } = request.amount
      return { kind: 'refunded', transactionReference: entry.id, refundedMinor, currency }
    },

    async readBook(after: string | null, { deadlineMs }: CallLimit): Promise<BookPage | Unknown | Refused> {
      assertOutsideTransaction('psp.readBook')
      const path = `/book?after=${encodeURIComponent(after ?? '0')}&limit=${BOOK_PAGE_ENTRIES}`
      const read = readAnswer(bookBody, await callHttp(pool, get(path), deadlineMs))
      if ('kind' in read) return read
      const { entries, next } = read.body
      return {
        kind: 'page',
        entries: entries.map(({ amount, ...entry }) => ({ ...entry, amountMinor: BigInt(amount) })),
        next: next === null ? null : String(next),
      }
    },

    close: () => pool.close(),
  }

  /** @returns an entry of exactly the amount asked for, or why there is none to believe */
  async function moveAmount(
    kind: 'capture' | 'refund',
    request: MoveRequest,
    deadlineMs: number,
  ): Promise<Entry | Mismatch | Unknown | Refused> {
    const { minor, currency } = request.amount
    const entry = await move(kind, { ...request, currency }, { amount: Number(minor) }, deadlineMs)
    if (!('payment' in entry) || BigInt(entry.amount) === minor) return entry
    return mismatch(entry.payment, 'amount', String(minor), String(entry.amount))
  }

  async function move(
    kind: Entry['kind'],
    request: VoidRequest,
    body: object,
    deadlineMs: number,
  ): Promise<Entry | Mismatch | Unknown | Refused> {
    const { providerReference, commandKey, currency } = request
    const call = post(`/payments/${encodeURIComponent(providerReference)}/${kind}`, commandKey, body)
    const read = readAnswer(entryBody, await callHttp(pool, call, deadlineMs))
    if ('kind' in read) return read
    const entry = read.body
    const [asked, told] = [`${kind} ${providerReference} ${commandKey}`, `${entry.kind} ${entry.payment} ${entry.key}`]
    if (asked !== told) return mismatch(entry.payment, 'reference', asked, told)
    return entry.currency === currency ? entry : mismatch(entry.payment, 'currency', currency, entry.currency)
  }
}

function authoriseAnswer(expected: ExpectedPayment, answer: HttpAnswer): AuthoriseAnswer {
  const read = readAnswer(paymentBody, answer)
  if ('kind' in read) return read
  const payment = read.body
  return mismatchOf(expected, payment) ?? statusAnswer(payment)
}

/** An authentic answer about other money or another payment; a partial authorisation counts as other money. */
function mismatchOf({ attemptId, reference, amount }: ExpectedPayment, payment: Payment): Mismatch | null {
  const [asked, told] = [`${attemptId} ${reference}`, `${payment.key} ${payment.reference}`]
  if (asked !== told) return mismatch(payment.id, 'reference', asked, told)
  if (payment.currency !== amount.currency) return mismatch(payment.id, 'currency', amount.currency, payment.currency)
  const amountTold = payment.status === 'authorised' ? payment.authorised : payment.amount
  if (BigInt(amountTold) === amount.minor) return null
  return mismatch(payment.id, 'amount', String(amount.minor), String(amountTold))
}

function statusAnswer(payment: Payment): AuthoriseAnswer {
  const providerReference = payment.id
  switch (payment.status) {
    case 'authorised':
      return authorised(payment)
    case 'declined':
      return { kind: 'declined', providerReference, reason: payment.reason ?? 'declined' }
    case 'voided':
      return { kind: 'voided', providerReference }
    case 'requires_action':
      if (payment.actionUrl === undefined) return unreadable('requires_action without actionUrl')
      return { kind: 'requires_action', providerReference, url: payment.actionUrl }
    case 'processing':
      if (payment.retryAfterMs === undefined) return unreadable('processing without retryAfterMs')
      return { kind: 'pending', providerReference, retryAfterMs: payment.retryAfterMs }
  }
}

function authorised(payment: Payment): Authorised | Unknown {
  const answer: Authorised = {
    kind: 'authorised',
    providerReference: payment.id,
    authorisedMinor: BigInt(payment.authorised),
    currency: payment.currency as CurrencyCode,
  }
  if (payment.expiresAt === undefined) return answer
  const expiresAt = parseInstant(payment.expiresAt)
  return expiresAt === null ? unreadable('expiresAt is not a time') : { ...answer, expiresAt }
}

interface Validator<Body> {
  Check(value: unknown): value is Body
}

function readAnswer<Body>(validator: Validator<Body>, answer: HttpAnswer): { readonly body: Body } | Unknown | Refused {
  if (answer.kind === 'broken') return { kind: 'unknown', cause: answer.cause, detail: answer.detail }
  const { status } = answer
  if (status >= 500) return { kind: 'unknown', cause: 'server_error', detail: `status ${status}` }
  if (status === 429) return { kind: 'unknown', cause: 'busy', detail: 'status 429' }

  const body = parseJson(answer.text)
  if (status === 200) {
    return validator.Check(body) ? { body } : unreadable(`status 200 with ${answer.text.length} characters`)
  }
  if (status >= 400 && problemBody.Check(body)) {
    return { kind: 'refused', code: body.code, detail: `status ${status}` }
  }
  return unreadable(`status ${status} with ${answer.text.length} characters`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreadable(detail: string): Unknown {
  return { kind: 'unknown', cause: 'unreadable', detail }
}

function mismatch(
  providerReference: string,
  differs: Mismatch['differs'],
  expected: string,
  answered: string,
): Mismatch {
  return { kind: 'mismatch', providerReference, differs, expected, answered }
}
