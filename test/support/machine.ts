import { availableParallelism, loadavg } from 'node:os'

/**
 * Whether so much else runs on this machine that how long something takes says nothing about it. Always false where the
 * system does not tell (Windows).
 */
export function isBusy(): boolean {
  const [lastMinute = 0] = loadavg()
  return lastMinute > 1.5 * availableParallelism()
}
