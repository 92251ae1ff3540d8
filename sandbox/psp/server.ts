import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Book, type Entry, type OperationKind, type Payment, type PaymentRequest, type Refusal } from './book.ts'
import { answeredPage, challengePage } from './challenge.ts'
import { Mood, type Fault, type Manners } from './manners.ts'

const HOST = '127.0.0.1'
const BODY_BYTES_MAX = 16_384
const BOOK_PAGE_MAX = 10_000
/** Longer than any client waits, so that silence is always ended by the client. */
const SILENCE_MS = 120_000
/** Longer than clients keep an idle connection, so that none is closed under a request on its way. */
const KEEP_ALIVE_MS = 75_000
const AMOUNT_MAX = 999_999_999_999

export interface ProviderOptions {
  readonly directory: string
  /** 0 takes a free one. */
  readonly port: number
  /** When given, callers must send it as `Authorization: Bearer …`. */
  readonly secret?: string | undefined
  readonly manners: Manners
}

export interface RunningProvider {
  readonly url: string
  close(): Promise<void>
}

export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const book = await Book.open(options.directory)
  const provider = new Provider(book, options)
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: SILENCE_MS, noDelay: true },
    (request, response) => provider.handle(request, response),
  )
  await listen(server, options.port)
  provider.url = `http://${HOST}:${(server.address() as AddressInfo).port}`
  return {
    url: provider.url,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
      await book.close()
    },
  }
}

/**
 * The provider's HTTP side. Routed by hand and answered in one write: at thousands of authorisations a second a
 * framework would cost more than the book.
 *
 *   POST /payments                             authorise (Idempotency-Key)
 *   POST /payments/:id/confirm                 how it stands after a step of the buyer
 *   POST /payments/:id/{capture,void,refund}   move money (Idempotency-Key)
 *   GET  /payments/:id · /payments?key=…       look up
 *   GET  /book?after=0&limit=1000              every entry, paged
 *   GET  /faults                               how often each fault was drawn
 *   GET  /challenge/:id · POST /challenge/:id/{approve,decline}    the 3-D Secure page
 */
class Provider {
  url = ''
  readonly #book: Book
  readonly #authorization: string | undefined
  readonly #mood: Mood
  readonly #latencyMs: number

  constructor(book: Book, options: ProviderOptions) {
    this.#book = book
    this.#authorization = options.secret === undefined ? undefined : `Bearer ${options.secret}`
    this.#mood = new Mood(options.manners)
    this.#latencyMs = options.manners.latencyMs
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    if (path.startsWith('/challenge/')) return this.#challenge(request, response, path.slice('/challenge/'.length))
    if (this.#authorization !== undefined && request.headers.authorization !== this.#authorization) {
      return problem(response, 401, 'bad_secret')
    }
    if (request.method === 'POST') {
      readBody(request, response, (body) => this.#write(request, response, path, body))
    } else if (request.method === 'GET') {
      this.#read(response, path)
    } else {
      problem(response, 405, 'method_not_allowed')
    }
  }

  #write(request: IncomingMessage, response: ServerResponse, path: string, text: string): void {
    const fault = this.#mood.draw()
    if (fault === 'error_before') return problem(response, 500, 'internal_error')

    const key = request.headers['idempotency-key']
    if (path === '/payments') return this.#authorise(response, key, text, fault)
    const [, id = '', action = ''] = /^\/payments\/([\w-]+)\/(confirm|capture|void|refund)$/.exec(path) ?? []
    if (action === '') return problem(response, 404, 'unknown_route')
    if (action === 'confirm') return this.#answer(response, this.#book.find(id) ?? unknownPayment, fault)

    if (!isKey(key)) return problem(response, 400, 'key_required')
    const amount = parseAmount(text)
    if (amount === null) return problem(response, 422, 'invalid_request')
    this.#answer(response, this.#book.operate(id, action as OperationKind, amount, key), fault)
  }

  #authorise(response: ServerResponse, key: unknown, text: string, fault: Fault | null): void {
    if (!isKey(key)) return problem(response, 400, 'key_required')
    const wanted = parsePaymentRequest(text, key)
    if (wanted === null) return problem(response, 422, 'invalid_request')
    const silent = wanted.token === 'tok_timeout' && this.#book.findByKey(key) === undefined
    this.#answer(response, this.#book.authorise(wanted), silent ? 'silence' : fault)
  }

  #read(response: ServerResponse, path: string): void {
    const { pathname, searchParams } = new URL(path, this.url)
    if (pathname === '/payments') {
      return this.#answer(response, this.#book.findByKey(searchParams.get('key') ?? '') ?? unknownPayment, null)
    }
    if (pathname.startsWith('/payments/')) {
      return this.#answer(response, this.#book.find(pathname.slice('/payments/'.length)) ?? unknownPayment, null)
    }
    if (pathname === '/book') {
      const after = Number(searchParams.get('after') ?? 0)
      const limit = Math.min(Number(searchParams.get('limit') ?? 1_000), BOOK_PAGE_MAX)
      if (!Number.isSafeInteger(after) || after < 0 || !Number.isSafeInteger(limit) || limit < 1) {
        return problem(response, 422, 'invalid_request')
      }
      return this.#book.whenDurable(() => sendJson(response, 200, JSON.stringify(this.#book.page(after, limit))))
    }
    if (pathname === '/faults') return sendJson(response, 200, JSON.stringify(this.#mood.hits))
    problem(response, 404, 'unknown_route')
  }

  #challenge(request: IncomingMessage, response: ServerResponse, rest: string): void {
    const [id = '', action] = rest.split('/')
    const payment = this.#book.find(id)
    if (!payment) return sendPage(response, 404, 'There is no such payment.')
    if (request.method === 'GET' && action === undefined) return sendPage(response, 200, challengePage(payment))
    if (request.method !== 'POST' || (action !== 'approve' && action !== 'decline')) {
      return sendPage(response, 405, 'Approve or decline on the page before this one.')
    }
    request.resume()
    this.#book.answerChallenge(payment, action === 'approve')
    this.#book.whenDurable(() => {
      if (payment.returnUrl === undefined) return sendPage(response, 200, answeredPage(payment))
      response.writeHead(303, { location: payment.returnUrl, 'content-length': 0 }).end()
    })
  }

  /** Tells what is on disk, never what is only on its way there; then lets `fault` spoil the telling. */
  #answer(response: ServerResponse, answer: Payment | Entry | Refusal, fault: Fault | null): void {
    this.#book.whenDurable(() => {
      const tell = (): void => this.#tell(response, answer, fault)
      if (this.#latencyMs > 0) setTimeout(tell, this.#latencyMs)
      else tell()
    })
  }

  #tell(response: ServerResponse, answer: Payment | Entry | Refusal, fault: Fault | null): void {
    if (fault === 'silence') {
      const end = setTimeout(() => response.destroy(), SILENCE_MS).unref()
      return void response.on('close', () => clearTimeout(end))
    }
    if (fault === 'error_after') return problem(response, 500, 'internal_error')
    if ('status' in answer && 'code' in answer) return problem(response, answer.status, answer.code)

    const offBy = fault === 'wrong_amount' ? 1 : 0
    const text = JSON.stringify('kind' in answer ? entryView(answer, offBy) : this.#paymentView(answer, offBy))
    sendJson(response, 200, fault === 'bad_json' ? text.slice(0, text.length / 2) : text)
  }

  /** How a payment is told; the token is never repeated. */
  #paymentView(payment: Payment, offBy: number): object {
    return {
      id: payment.id,
      key: payment.key,
      reference: payment.reference,
      status: payment.status,
      amount: payment.amount - offBy,
      currency: payment.currency,
      authorised: Math.max(0, payment.authorised - offBy),
      captured: payment.captured,
      refunded: payment.refunded,
      voided: payment.voided,
      reason: payment.reason,
      expiresAt: payment.expiresAt === undefined ? undefined : new Date(payment.expiresAt).toISOString(),
      actionUrl: payment.status === 'requires_action' ? `${this.url}/challenge/${payment.id}` : undefined,
      retryAfterMs: payment.status === 'processing' ? Math.max(50, (payment.decideAt ?? 0) - Date.now()) : undefined,
    }
  }
}

const unknownPayment: Refusal = { status: 404, code: 'unknown_payment' }

function entryView(entry: Entry, offBy: number): object {
  const { id, kind, payment, reference, amount, currency, key } = entry
  return { id, kind, payment, reference, amount: amount - offBy, currency, key }
}

function readBody(request: IncomingMessage, response: ServerResponse, whole: (text: string) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
  })
  request.on('end', () => {
    if (bytes > BODY_BYTES_MAX) return problem(response, 413, 'too_large')
    const [only] = chunks
    whole(chunks.length === 1 && only ? only.toString() : Buffer.concat(chunks).toString())
  })
}

function parsePaymentRequest(text: string, key: string): PaymentRequest | null {
  const body = parseObject(text)
  if (body === null) return null
  const { token, amount, currency, reference, returnUrl, capture } = body
  if (typeof token !== 'string' || !isAmount(amount) || amount === 0) return null
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return null
  if (typeof reference !== 'string' || reference === '' || reference.length > 100) return null
  if (returnUrl !== undefined && (typeof returnUrl !== 'string' || !isWebUrl(returnUrl))) return null
  // This provider captures in a call of its own only.
  if (capture !== false) return null
  return { key, token, amount, currency, reference, returnUrl }
}

/** @returns the amount, undefined for "all that is left", null for a body that is neither */
function parseAmount(text: string): number | undefined | null {
  if (text === '') return undefined
  const amount = parseObject(text)?.['amount']
  return amount === undefined || (isAmount(amount) && amount > 0) ? amount : null
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= AMOUNT_MAX
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 8 && value.length <= 100
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text)
}

function problem(response: ServerResponse, status: number, code: string): void {
  sendJson(response, status, `{"code":"${code}"}`)
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'application/json', text)
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  send(response, status, 'text/html; charset=utf-8', html)
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.sendDate = false
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, resolve)
  })
}
