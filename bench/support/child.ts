import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Runs one part of a benchmark in a process of its own, so that parts do not share a heap or an event loop.
 * @returns the JSON object that it printed last
 */
export async function runPart<Result>(script: string, options: object): Promise<Result> {
  const child = spawn(process.execPath, [`bench/parts/${script}`, JSON.stringify(options)], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = ''
  for await (const line of createInterface({ input: child.stdout })) last = line
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)))
  if (code !== 0) throw new Error(`bench/parts/${script} ended with ${code}`)
  return JSON.parse(last) as Result
}

/** The options that `runPart` handed over. */
export function partOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options
}

/** Starts a process of ours and waits for a line that matches. */
export async function startProcess(
  args: readonly string[],
  { env, ready }: { readonly env: Readonly<Record<string, string>>; readonly ready: RegExp },
): Promise<{ readonly pid: number; readonly match: RegExpExecArray; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = ready.exec(line)
      if (found !== null) resolve(found)
    })
  })
  return {
    pid: child.pid ?? 0,
    match,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
