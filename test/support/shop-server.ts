import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface ServerOptions {
  /** `start` does everything in one process, `serve` only answers. */
  readonly command: 'start' | 'serve'
  /** Of its own, so that clients find it again after a restart. */
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}

/** A Waybill in a process of its own, as an operator runs it. */
export interface ShopServer {
  readonly url: string
  readonly pid: number
  /** From the birth of the process to its first "ready". */
  readonly readyMs: number
  /** Log lines of defects: what the server itself says should not have happened. */
  readonly defects: readonly string[]
  /** Whether it is gone, asked or not; one that ended unasked has its last words printed. */
  hasEnded(): boolean
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGTERM; what is under way is finished. */
  stop(): Promise<void>
}

const repository = fileURLToPath(new URL('../..', import.meta.url))
const READY_WITHIN_MS = 30_000
const LAST_WORDS = 20
/** Clients that live in the test must not be turned away for being many. */
const common = { WAYBILL_RATE_LIMIT_PER_SECOND: '0', WAYBILL_SANDBOX: 'false', WAYBILL_LOG_LEVEL: 'error' }

/** Starts a server and waits until it says that it can take orders. It ends with this process at the latest. */
export async function startServer({ command, port, env }: ServerOptions): Promise<ShopServer> {
  const url = `http://127.0.0.1:${port}`
  const bornAtMs = performance.now()
  const child = spawn(process.execPath, ['server/cli.ts', command, '--port', String(port)], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...common, ...env },
  })
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  let isOver = false
  let isAsked = false
  const { lastWords, defects } = listenTo(child)
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true
      if (!isAsked)
        process.stdout.write(`# waybill ${command} ended with ${signal ?? code} and said:\n${lastWords.join('\n')}\n`)
      process.removeListener('exit', endWithUs)
      resolve()
    })
  })
  while (!(await isReady(url))) {
    if (isOver || performance.now() - bornAtMs > READY_WITHIN_MS) {
      isAsked = true
      child.kill('SIGKILL')
      throw new Error(`waybill ${command} did not get ready; it said:\n${lastWords.join('\n')}`)
    }
    await sleep(10)
  }
  const end = (signal: 'SIGKILL' | 'SIGTERM') => async (): Promise<void> => {
    isAsked = true
    child.kill(signal)
    await ended
  }
  return {
    url,
    pid: child.pid ?? 0,
    readyMs: performance.now() - bornAtMs,
    defects,
    hasEnded: () => isOver,
    kill: end('SIGKILL'),
    stop: end('SIGTERM'),
  }
}

/** Whether the server at `url` can take orders now. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    // Nobody listens yet, or nobody answers: not ready.
    return false
  }
}

/** A free TCP port; nobody else is likely to take it meanwhile. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function listenTo(child: ChildProcess): { readonly lastWords: string[]; readonly defects: string[] } {
  const lastWords: string[] = []
  const defects: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      lastWords.push(line)
      if (lastWords.length > LAST_WORDS) lastWords.shift()
      if (line.includes('a request met a defect')) defects.push(line)
    })
  }
  return { lastWords, defects }
}
