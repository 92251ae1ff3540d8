import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util'
import type { ExitCode, MainDoor } from './main-door.ts'

export interface Command {
  /** What stands after the name: `FILE.csv [--rejects FILE]`. */
  readonly synopsis: string
  /** One line for the list of commands. */
  readonly summary: string
  /** More, for who asked about this command. */
  readonly details?: string
  readonly options: Options
  /** It answers `--help` itself: what there is to tell stands in the script that it runs. */
  readonly helpsItself?: boolean
  /**
   * @param args  what was typed after the command's name
   * @param main  loads what does the work; asked only once `args` make sense
   */
  run(args: readonly string[], main: () => Promise<MainDoor>): Promise<ExitCode>
}

type Options = Readonly<Record<string, Option>>

interface Option extends ParseArgsOptionDescriptor {
  /** What stands for the value in the help text: `PORT`. */
  readonly value?: string
  readonly about: string
}

/** What was typed does not make sense; the message says what, the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads options and words strictly: what a command does not know it does not overlook. */
export function parse<const Known extends Options>(args: readonly string[], options: Known) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')))
      throw error
    // The first sentence says what is wrong; the others explain how to pass it as a word, which no command takes.
    throw new UsageError(error.message.split('. ')[0] ?? error.message)
  }
}

export function expectWords(words: readonly string[], ...names: readonly string[]): readonly string[] {
  const missing = names[words.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  const extra = words[names.length]
  if (extra !== undefined) throw new UsageError(`Unexpected argument '${extra}'`)
  return words
}

export function renderCommandHelp(name: string, { synopsis, summary, details, options }: Command): string {
  const withHelp: Options = { ...options, help: { type: 'boolean', about: 'show this' } }
  const rows = Object.entries(withHelp).map(([option, { value, about }]) => {
    return [value === undefined ? `--${option}` : `--${option} ${value}`, about] as const
  })
  return [
    `Usage: waybill ${[name, synopsis].filter(Boolean).join(' ')}`,
    '',
    `${summary}.`,
    ...(details === undefined ? [] : ['', details.trim()]),
    '',
    ...renderColumns(rows),
    '',
  ].join('\n')
}

export function renderColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
