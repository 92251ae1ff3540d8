import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnProvider } from '../../sandbox/psp/spawn.ts'
import { startServer } from './intake.ts'
import { cpuMs } from './measure.ts'

export interface ServingNode {
  readonly url: string
  /** CPU time of the serving process so far, ms; null where /proc is not. */
  cpuMs(): number | null
}

/** Runs `work` against a serving process and a payment provider of their own on a database, and ends both. */
export async function serving<Result>(
  databaseUrl: string,
  work: (node: ServingNode) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-psp-'))
  const provider = await spawnProvider({ directory })
  try {
    const node = await startServer(databaseUrl, provider.url)
    try {
      return await work({ url: node.match[1] ?? '', cpuMs: () => cpuMs(node.pid) })
    } finally {
      await node.stop()
    }
  } finally {
    await provider.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
