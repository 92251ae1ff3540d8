import { Agent, request as openRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'

export interface ApiRequest {
  readonly method: string
  /** With its query, as it goes over the line. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** A JSON value. */
  readonly body?: unknown
  /** A body as it is, instead of `body`. */
  readonly raw?: string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body read as JSON, of whatever shape; undefined when it is not JSON. */
  readonly json: ReturnType<typeof JSON.parse>
  /** From sending to the answer's last byte. */
  readonly ms: number
}

export interface SendBytesOptions {
  /** Between two chunks. */
  readonly everyMs?: number
  /** A server that has not said a word for so long waits for more; we hang up. */
  readonly silenceMs?: number
}

export interface ApiClient {
  /**
   * Repeats what a busy server turned away (503 with Retry-After), as the API tells its clients to: on a machine that
   * has other work to do, server and tests starve each other.
   */
  readonly send: (request: ApiRequest) => Promise<Answer>
  /** Writes bytes that need not be HTTP, a chunk every `everyMs`, and reads until the server closes or falls silent. */
  readonly sendBytes: (chunks: readonly (string | Buffer)[], options?: SendBytesOptions) => Promise<string>
  readonly close: () => void
}

const SILENCE_MS = 400
const SOCKETS_MAX = 64
const ANSWER_WITHIN_MS = 20_000
const REPEATS_MAX = 30
const REPEAT_AFTER_MS = 300

export function openApiClient(url: string): ApiClient {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })
  const { hostname, port } = new URL(url)

  const send = async (request: ApiRequest): Promise<Answer> => {
    for (let repeats = 0; ; repeats++) {
      const answer = await sendOnce(request)
      const isBusy = answer.status === 503 && answer.headers['retry-after'] !== undefined
      if (!isBusy || repeats === REPEATS_MAX) return answer
      await new Promise((resolve) => setTimeout(resolve, REPEAT_AFTER_MS))
    }
  }

  const sendOnce = ({ method, path, headers = {}, body, raw }: ApiRequest): Promise<Answer> => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const began = performance.now()
    return new Promise((resolve, reject) => {
      const request = openRequest(
        {
          agent,
          hostname,
          port,
          method,
          path,
          headers: {
            ...(payload === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            const { statusCode: status = 0, headers: answered } = response
            resolve({ status, headers: answered, text, json: readJson(text), ms: performance.now() - began })
          })
        },
      )
      request.on('error', (error) => {
        const cause = `${method} ${path} ${JSON.stringify(headers)} ${String(payload).slice(0, 2_000)}`
        reject(new Error(`no answer to ${cause}`, { cause: error }))
      })
      request.setTimeout(ANSWER_WITHIN_MS, () => request.destroy(new Error('the server is silent')))
      request.end(payload)
    })
  }

  const sendBytes = (
    chunks: readonly (string | Buffer)[],
    { everyMs = 0, silenceMs = SILENCE_MS }: SendBytesOptions = {},
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      let told = ''
      let silence: NodeJS.Timeout | undefined
      const wait = (): void => {
        clearTimeout(silence)
        silence = setTimeout(() => socket.destroy(), silenceMs + everyMs)
      }
      socket.on('data', (chunk) => {
        told += chunk.toString('latin1')
        wait()
      })
      // Whoever sends garbage is hung up on; what was said before that is the answer.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
      })
      socket.on('close', () => {
        clearTimeout(silence)
        resolve(told)
      })
      const write = (place: number): void => {
        if (place === chunks.length || socket.destroyed) return
        socket.write(chunks[place] ?? '')
        wait()
        if (everyMs === 0) write(place + 1)
        else setTimeout(write, everyMs, place + 1)
      }
      socket.on('connect', () => write(0))
    })

  return { send, sendBytes, close: () => agent.destroy() }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
