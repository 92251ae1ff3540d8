import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { partOptions } from '../support/child.ts'
import { percentile, round, type LoadResult } from '../support/measure.ts'

export interface BrowseLoadOptions {
  readonly port: number
  readonly publishableKey: string
  /** A file with a list of paths as JSON: thousands are more than an argument can hold. */
  readonly pathsFile: string
  readonly concurrency: number
  readonly seconds: number
}

export interface BrowseLoadResult extends LoadResult {
  readonly bytesEach: number
  /** By status. */
  readonly failures: Readonly<Record<string, number>>
}

/** Neighbours in time are not neighbours in the list. */
const STRIDE = 7_919

/**
 * GETs over keep-alive connections, each sending its next request when its last was answered. Bare sockets: on the
 * machine that also runs the server an HTTP client takes as much of it as the server does.
 */
const { port, publishableKey, pathsFile, concurrency, seconds } = partOptions<BrowseLoadOptions>()
const paths = JSON.parse(readFileSync(pathsFile, 'utf8')) as string[]
const requests = paths.map((path) =>
  Buffer.from(
    `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${publishableKey}\r\naccept: application/json\r\n\r\n`,
  ),
)
const latencies: number[] = []
const failures: Record<string, number> = {}
let failed = 0
let bytes = 0
let index = 0
const endsAt = performance.now() + seconds * 1_000
await Promise.all(Array.from({ length: concurrency }, client))
latencies.sort((a, b) => a - b)
const result: BrowseLoadResult = {
  count: latencies.length,
  failed,
  seconds,
  perSecond: round(latencies.length / seconds),
  p50Ms: round(percentile(latencies, 0.5)),
  p99Ms: round(percentile(latencies, 0.99)),
  bytesEach: Math.round(bytes / latencies.length),
  failures,
}
process.stdout.write(`${JSON.stringify(result)}\n`)

function client(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect(port, '127.0.0.1')
  let sentAt = 0
  let missingBytes = 0
  const sendNext = (): void => {
    sentAt = performance.now()
    if (sentAt >= endsAt) return void socket.end()
    socket.write(requests[(index++ * STRIDE) % requests.length] ?? '')
  }
  socket.setNoDelay(true)
  socket
    .on('connect', sendNext)
    .on('error', reject)
    .on('close', () => resolve())
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (missingBytes > 0) missingBytes -= chunk.length
    else missingBytes = bodyLength(chunk) - chunk.length
    if (missingBytes > 0) return
    latencies.push(performance.now() - sentAt)
    sendNext()
  })
  return promise
}

/** The length of the whole answer whose first chunk this is; its head is far shorter than a chunk. */
function bodyLength(chunk: Buffer): number {
  const headEnd = chunk.indexOf('\r\n\r\n')
  const head = chunk.toString('latin1', 0, headEnd)
  if (!head.startsWith('HTTP/1.1 200 ')) {
    failed++
    const status = head.slice(9, 12)
    failures[status] = (failures[status] ?? 0) + 1
  }
  return headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1])
}
