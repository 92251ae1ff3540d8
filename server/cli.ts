import process from 'node:process'
import { renderColumns, renderCommandHelp, UsageError } from './cli/command.ts'
import { commands } from './cli/commands.ts'

/** Errors whose message is written for the person at the terminal; of any other the place in the code matters too. */
const PLAIN_ERRORS: readonly string[] = [
  'ConfigError',
  'DatabaseAwayError',
  'EmbeddedPostgresError',
  'NewerDatabaseError',
]

process.exitCode = await run(process.argv.slice(2))

/** @returns the exit code: what the command says, 1 when it fails, 2 when it was typed wrongly */
async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(renderHelp())
    return name === undefined ? 2 : 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return complain(`Unknown command '${name}'`, 'waybill --help')
  const asksForHelp = args.includes('--help') || args.includes('-h')
  if (asksForHelp && command.helpsItself !== true) {
    process.stdout.write(renderCommandHelp(name, command))
    return 0
  }
  try {
    return (await command.run(args, () => import('./main.ts'))) ?? 0
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message, `waybill ${name} --help`)
    const isPlain = error instanceof Error && PLAIN_ERRORS.includes(error.name)
    process.stderr.write(`waybill ${name}: ${isPlain ? error.message : describe(error)}\n`)
    return 1
  }
}

function complain(message: string, help: string): number {
  process.stderr.write(`waybill: ${message}. See: ${help}\n`)
  return 2
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function renderHelp(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [name, summary] as const)
  return [
    'Usage: waybill COMMAND [OPTION…]',
    '',
    ...renderColumns(rows),
    '',
    'waybill COMMAND --help tells more. Settings are environment variables; docs/configuration.md lists them.',
    '',
  ].join('\n')
}
