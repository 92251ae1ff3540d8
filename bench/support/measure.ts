import { readFileSync } from 'node:fs'

/** Latencies and rate of one closed-loop load. */
export interface LoadResult {
  readonly count: number
  readonly failed: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface LoadOptions {
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
  /** One request; false when it did not succeed. */
  readonly call: (index: number) => Promise<boolean>
}

/** Runs `concurrency` clients, each sending its next request when its last was answered, and measures after warming up. */
export async function runLoad({ concurrency, seconds, warmupSeconds, call }: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  let failed = 0
  let index = 0
  const begin = performance.now()
  const measureFrom = begin + warmupSeconds * 1_000
  const end = measureFrom + seconds * 1_000
  const client = async (): Promise<void> => {
    for (;;) {
      const sentAt = performance.now()
      if (sentAt >= end) return
      const ok = await call(index++)
      const answeredAt = performance.now()
      if (answeredAt < measureFrom || answeredAt > end) continue
      latencies.push(answeredAt - sentAt)
      if (!ok) failed++
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client))
  latencies.sort((a, b) => a - b)
  return {
    count: latencies.length,
    failed,
    seconds,
    perSecond: round(latencies.length / seconds),
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** CPU time used so far by a process and, with `tree`, by its children, ms; Linux only, null elsewhere. */
export function cpuMs(pid: number, { tree = false } = {}): number | null {
  try {
    const fields = statFields(pid)
    const own = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
    return tree
      ? own +
          childrenOf(pid).reduce((sum, child) => sum + (cpuMs(child, { tree }) ?? 0), 0) +
          (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK
      : own
  } catch {
    // The process ended, or this is not Linux: there is nothing to tell.
    return null
  }
}

const MS_PER_TICK = 10

function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold blanks; what follows it does not.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((text) => text !== '')
    .map(Number)
}

/** Resident memory, bytes; null where /proc is not. */
export function residentBytes(pid: number): number | null {
  try {
    const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match === null ? null : Number(match[1]) * 1_024
  } catch {
    return null
  }
}
