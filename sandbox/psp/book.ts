import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { must, unreachable } from '../../server/kernel/invariant.ts'
import { Journal } from './journal.ts'

/** Authorisations are good for a week, as with most card schemes. */
export const AUTHORISATION_DAYS = 7
const AUTHORISATION_MS = AUTHORISATION_DAYS * 24 * 60 * 60 * 1000

/** How long `tok_slow` thinks. */
export const SLOW_DECISION_MS = 2_000

export type PaymentStatus = 'processing' | 'requires_action' | 'authorised' | 'declined' | 'voided'
export type EntryKind = 'authorisation' | 'capture' | 'void' | 'refund'
export type OperationKind = Exclude<EntryKind, 'authorisation'>

/** What a merchant asks for, with the key under which asking twice is asking once. */
export interface PaymentRequest {
  readonly key: string
  readonly token: string
  /** Minor units, as in every amount of this book. */
  readonly amount: number
  readonly currency: string
  readonly reference: string
  readonly returnUrl?: string | undefined
}

export interface Payment extends PaymentRequest {
  readonly id: string
  status: PaymentStatus
  reason?: string
  authorised: number
  captured: number
  refunded: number
  voided: number
  /** When `tok_slow` decides, epoch ms. */
  decideAt?: number
  expiresAt?: number
}

/** One movement of the buyer's money. What was declined moved nothing and has no entry. */
export interface Entry {
  readonly id: string
  readonly kind: EntryKind
  readonly payment: string
  readonly reference: string
  readonly amount: number
  readonly currency: string
  readonly key: string
  readonly at: number
}

export interface Refusal {
  readonly status: 404 | 409 | 422
  readonly code:
    | 'unknown_payment'
    | 'key_reused'
    | 'not_authorised'
    | 'authorisation_expired'
    | 'nothing_to_void'
    | 'amount_above_authorised'
    | 'nothing_to_capture'
    | 'amount_above_captured'
    | 'nothing_to_refund'
}

type JournalRecord = { readonly n: number; readonly at: number } & (
  | { readonly type: 'book'; readonly name: string }
  | {
      readonly type: 'payment'
      readonly request: PaymentRequest
      readonly status: PaymentStatus
      readonly reason?: string
    }
  | {
      readonly type: 'decision'
      readonly payment: string
      readonly status: 'authorised' | 'declined'
      readonly reason?: string
    }
  | {
      readonly type: 'operation'
      readonly payment: string
      readonly kind: OperationKind
      readonly amount: number
      readonly key: string
    }
)
type RecordOf<Type extends JournalRecord['type']> = Extract<JournalRecord, { readonly type: Type }>
type Fact = JournalRecord extends infer Each ? (Each extends unknown ? Omit<Each, 'n' | 'at'> : never) : never

/**
 * The provider's own book: every payment it was asked for and every entry it made, kept apart from whatever Waybill
 * believes. It changes by records only, and the same `#apply` runs for a new record and for one read back at start.
 *
 * What a method returns may be told to the merchant only after `whenDurable`.
 */
export class Book {
  #journal!: Journal
  #name = ''
  #records = 0
  readonly #payments = new Map<string, Payment>()
  readonly #paymentByKey = new Map<string, Payment>()
  readonly #entryByKey = new Map<string, Entry>()
  readonly #entries: Entry[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Opens the book kept in `directory`, a new one when there is none. */
  static async open(directory: string): Promise<Book> {
    await mkdir(directory, { recursive: true })
    const book = new Book()
    book.#journal = await Journal.open(join(directory, 'book.jsonl'), (record) => book.#replay(record as JournalRecord))
    // Ids carry the book's name: after its directory was thrown away, no old id can name a new payment.
    if (book.#records === 0) book.#write({ type: 'book', name: randomBytes(4).toString('hex') })
    for (const payment of book.#payments.values()) if (payment.status === 'processing') book.#decideLater(payment)
    return book
  }

  whenDurable(callback: () => void): void {
    this.#journal.whenDurable(callback)
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#journal.close()
  }

  authorise(request: PaymentRequest): Payment | Refusal {
    const first = this.#paymentByKey.get(request.key)
    if (first) return isSameRequest(first, request) ? first : { status: 422, code: 'key_reused' }
    if (this.#entryByKey.has(request.key)) return { status: 422, code: 'key_reused' }
    this.#write({ type: 'payment', request, ...firstAnswer(request.token) })
    const payment = must(this.#paymentByKey.get(request.key), 'the payment just written')
    if (payment.status === 'processing') this.#decideLater(payment)
    return payment
  }

  find(id: string): Payment | undefined {
    return this.#payments.get(id)
  }

  findByKey(key: string): Payment | undefined {
    return this.#paymentByKey.get(key)
  }

  /** The buyer's answer on the 3-D Secure page. Only the first one counts. */
  answerChallenge(payment: Payment, approved: boolean): void {
    if (payment.status !== 'requires_action') return
    this.#write({
      type: 'decision',
      payment: payment.id,
      ...(approved ? { status: 'authorised' } : { status: 'declined', reason: 'authentication_failed' }),
    })
  }

  /**
   * Captures, voids or refunds.
   * @param amount  minor units; absent means all that is left. A void always takes all that is left.
   */
  operate(id: string, kind: OperationKind, amount: number | undefined, key: string): Entry | Refusal {
    const payment = this.#payments.get(id)
    if (!payment) return { status: 404, code: 'unknown_payment' }
    const first = this.#entryByKey.get(key)
    if (first) {
      const same = first.payment === id && first.kind === kind && (amount ?? first.amount) === first.amount
      return same ? first : { status: 422, code: 'key_reused' }
    }
    if (this.#paymentByKey.has(key)) return { status: 422, code: 'key_reused' }

    const left = leftFor(kind, payment)
    const wanted = kind === 'void' ? left : (amount ?? left)
    const refusal = refusalOf(kind, payment, wanted, left)
    if (refusal) return refusal
    this.#write({ type: 'operation', payment: id, kind, amount: wanted, key })
    return must(this.#entryByKey.get(key), 'the entry just written')
  }

  /** Entries after number `after` (0 for the first), at most `limit`, in the order they were made. */
  page(after: number, limit: number): { readonly entries: readonly Entry[]; readonly next: number | null } {
    const entries = this.#entries.slice(after, after + limit)
    const next = after + entries.length
    return { entries, next: next < this.#entries.length ? next : null }
  }

  #decideLater(payment: Payment): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        if (payment.status === 'processing')
          this.#write({ type: 'decision', payment: payment.id, status: 'authorised' })
      },
      Math.max(0, (payment.decideAt ?? 0) - Date.now()),
    )
    this.#timers.add(timer)
  }

  #write(fact: Fact): void {
    const record: JournalRecord = { n: this.#records + 1, at: Date.now(), ...fact }
    this.#journal.append(record)
    this.#apply(record)
  }

  #replay(record: JournalRecord): void {
    if (record.n !== this.#records + 1) {
      throw new Error(`record ${record.n} follows record ${this.#records}: two processes wrote this book`)
    }
    this.#apply(record)
  }

  #apply(record: JournalRecord): void {
    this.#records = record.n
    switch (record.type) {
      case 'book':
        this.#name = record.name
        return
      case 'payment':
        return this.#applyPayment(record, record.request)
      case 'decision': {
        const payment = this.#paymentOf(record.payment)
        payment.status = record.status
        if (record.reason !== undefined) payment.reason = record.reason
        if (record.status === 'authorised') this.#applyAuthorisation(record, payment)
        return
      }
      case 'operation':
        return this.#applyOperation(record, this.#paymentOf(record.payment))
      default:
        return unreachable(record)
    }
  }

  #applyPayment(record: RecordOf<'payment'>, request: PaymentRequest): void {
    const payment: Payment = {
      ...request,
      id: `pp_${this.#name}_${record.n}`,
      status: record.status,
      authorised: 0,
      captured: 0,
      refunded: 0,
      voided: 0,
    }
    if (record.reason !== undefined) payment.reason = record.reason
    if (record.status === 'processing') payment.decideAt = record.at + SLOW_DECISION_MS
    this.#payments.set(payment.id, payment)
    this.#paymentByKey.set(payment.key, payment)
    if (record.status === 'authorised') this.#applyAuthorisation(record, payment)
  }

  #applyAuthorisation(record: JournalRecord, payment: Payment): void {
    payment.authorised = payment.amount
    payment.expiresAt = record.at + AUTHORISATION_MS
    this.#entries.push(this.#entryOf(record, payment, 'authorisation', payment.amount, payment.key))
  }

  #applyOperation(record: RecordOf<'operation'>, payment: Payment): void {
    const { kind, amount, key } = record
    if (kind === 'capture') payment.captured += amount
    if (kind === 'refund') payment.refunded += amount
    if (kind === 'void') {
      payment.voided += amount
      payment.status = 'voided'
    }
    const entry = this.#entryOf(record, payment, kind, amount, key)
    this.#entryByKey.set(key, entry)
    // Voiding what was never authorised ends the payment and moves nothing.
    if (amount > 0) this.#entries.push(entry)
  }

  #entryOf(record: JournalRecord, payment: Payment, kind: EntryKind, amount: number, key: string): Entry {
    return {
      id: `pe_${this.#name}_${record.n}`,
      kind,
      payment: payment.id,
      reference: payment.reference,
      amount,
      currency: payment.currency,
      key,
      at: record.at,
    }
  }

  #paymentOf(id: string): Payment {
    const payment = this.#payments.get(id)
    if (!payment) throw new Error(`the book names a payment it does not hold: ${id}`)
    return payment
  }
}

/** What each test token does at once; `tok_timeout` is authorised too, it is the answer that never comes. */
function firstAnswer(token: string): { status: PaymentStatus; reason?: string } {
  switch (token) {
    case 'tok_ok':
    case 'tok_timeout':
      return { status: 'authorised' }
    case 'tok_3ds':
      return { status: 'requires_action' }
    case 'tok_slow':
      return { status: 'processing' }
    case 'tok_declined':
      return { status: 'declined', reason: 'card_declined' }
    default:
      return { status: 'declined', reason: 'unknown_token' }
  }
}

function isSameRequest(first: PaymentRequest, second: PaymentRequest): boolean {
  return (
    first.token === second.token &&
    first.amount === second.amount &&
    first.currency === second.currency &&
    first.reference === second.reference &&
    first.returnUrl === second.returnUrl
  )
}

/** Minor units that `kind` could still take. After a void nothing more can be captured. */
function leftFor(kind: OperationKind, payment: Payment): number {
  return kind === 'refund'
    ? payment.captured - payment.refunded
    : payment.authorised - payment.captured - payment.voided
}

function refusalOf(kind: OperationKind, payment: Payment, wanted: number, left: number): Refusal | undefined {
  if (kind === 'void') {
    // What is still undecided can be voided although nothing is authorised yet.
    const over = payment.authorised > 0 ? left === 0 : payment.status === 'declined' || payment.status === 'voided'
    return over ? { status: 409, code: 'nothing_to_void' } : undefined
  }
  if (kind === 'refund') {
    if (left === 0) return { status: 409, code: 'nothing_to_refund' }
    return wanted > left ? { status: 409, code: 'amount_above_captured' } : undefined
  }
  if (payment.authorised === 0) return { status: 409, code: 'not_authorised' }
  if (left === 0) return { status: 409, code: 'nothing_to_capture' }
  if (Date.now() > (payment.expiresAt ?? 0)) return { status: 409, code: 'authorisation_expired' }
  return wanted > left ? { status: 409, code: 'amount_above_authorised' } : undefined
}
