import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/**
 * Runs a program of the workshop in a process of its own, on the same Node and terminal; signals are passed on.
 * @param path  from the repository's root
 * @returns its exit code; 128 and the signal's number when a signal ended it
 */
export function runScript(path: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL(`../../${path}`, import.meta.url))
    const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
  })
}
