import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { atMost } from '../support/bar.ts'
import { residentBytes, round } from '../support/measure.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const IDLE_MS = 10_000
const COLD_SECONDS_MOST = 5
const WARM_SECONDS_MOST = 2
const IDLE_MEGABYTES_MOST = 200

/** Seconds from `waybill start` to ready, on nothing and again; resident memory of the server after ten idle seconds. */
export async function start(): Promise<object> {
  const dataDir = mkdtempSync(join(tmpdir(), 'waybill-bench-start-'))
  const cold = await startOnce(dataDir, { idleMs: 0 })
  const warm = await startOnce(dataDir, { idleMs: IDLE_MS })
  rmSync(dataDir, { recursive: true, force: true })
  return {
    coldSeconds: atMost(cold.seconds, COLD_SECONDS_MOST),
    warmSeconds: atMost(warm.seconds, WARM_SECONDS_MOST),
    idleMegabytes: warm.megabytes === null ? null : atMost(warm.megabytes, IDLE_MEGABYTES_MOST),
  }
}

async function startOnce(
  dataDir: string,
  { idleMs }: { readonly idleMs: number },
): Promise<{ seconds: number; megabytes: number | null }> {
  const began = performance.now()
  const child = spawn(process.execPath, ['server/cli.ts', 'start', '--port', '0'], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WAYBILL_DATA_DIR: dataDir },
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) if (/is ready/.test(line)) break
  const seconds = round((performance.now() - began) / 1_000)
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  const bytes = residentBytes(child.pid ?? 0)
  child.kill('SIGTERM')
  await exited
  return { seconds, megabytes: bytes === null ? null : Math.round(bytes / 1e6) }
}
