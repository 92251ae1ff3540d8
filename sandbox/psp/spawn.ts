import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface SpawnOptions {
  /** Where its book is kept; starting again on the same directory goes on with the same book. */
  readonly directory: string
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** More of main.ts' options, such as `['--error-after-rate', '0.2', '--seed', '7']`. */
  readonly args?: readonly string[]
}

export interface SpawnedProvider {
  readonly url: string
  readonly pid: number
  /** Ends the process and waits until it is gone: SIGTERM finishes what is under way, SIGKILL does not. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Starts the provider as a process of its own that ends with ours, however ours ends. */
export async function spawnProvider({ directory, port = 0, args = [] }: SpawnOptions): Promise<SpawnedProvider> {
  const child = spawn(
    process.execPath,
    [main, '--port', String(port), '--data', directory, '--until-stdin-closes', ...args],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const gone = once(child, 'exit')
  const firstLine = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
  const failed = gone.then(([code]) => {
    throw new Error(`the sandbox payment provider ended with ${String(code)} before it listened`)
  })
  const [line] = await Promise.race([firstLine, failed])
  failed.catch(() => {}) // From here on its end is `stop`'s business.
  return {
    url: (JSON.parse(line) as { readonly url: string }).url,
    pid: child.pid ?? 0,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      await gone
    },
  }
}
