import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { UsageError } from './cli/command.ts'
import { commands } from './cli/commands.ts'
import type { MainDoor } from './cli/main-door.ts'
import { scenarios } from '../bench/scenarios.ts'

const doorNames = [
  'start',
  'serve',
  'work',
  'migrate',
  'seed',
  'importOrders',
  'importFile',
  'exportFile',
  'keys',
  'audit',
] as const

const understood = [
  // typed                                      asked of main.ts
  ['start', 'start', {}],
  ['start --port 8080', 'start', { port: 8080 }],
  ['serve --port 0 --host ::1', 'serve', { port: 0, host: '::1' }],
  ['work', 'work', undefined],
  ['migrate', 'migrate', undefined],
  ['seed', 'seed', undefined],
  ['import orders a.csv', 'importOrders', { file: 'a.csv' }],
  ['import products a.csv', 'importFile', { kind: 'products', file: 'a.csv', dryRun: false }],
  [
    'import customers a.csv.gz --dry-run --rejects b.csv',
    'importFile',
    { kind: 'customers', file: 'a.csv.gz', dryRun: true, rejectsFile: 'b.csv' },
  ],
  ['export stock', 'exportFile', { kind: 'stock' }],
  ['export prices --output a.csv', 'exportFile', { kind: 'prices', file: 'a.csv' }],
  ['import orders a.csv --rejects b.csv', 'importOrders', { file: 'a.csv', rejectsFile: 'b.csv' }],
  ['audit', 'audit', { json: false, providerBooks: false }],
  ['audit --json', 'audit', { json: true, providerBooks: false }],
  ['audit --provider-books', 'audit', { json: false, providerBooks: true }],
  ['keys list', 'keys', { action: 'list' }],
  ['keys revoke key_01h', 'keys', { action: 'revoke', key: 'key_01h' }],
  [
    'keys create --kind publishable --name web --channel web',
    'keys',
    { action: 'create', name: 'web', reach: { kind: 'publishable', channel: 'web' } },
  ],
  [
    'keys create --kind secret --name ops --scope orders:read --scope orders:write',
    'keys',
    { action: 'create', name: 'ops', reach: { kind: 'secret', scopes: ['orders:read', 'orders:write'] } },
  ],
  [
    'keys create --kind partner --name hub --location hub-1',
    'keys',
    { action: 'create', name: 'hub', reach: { kind: 'partner', locations: ['hub-1'] } },
  ],
] as const

for (const [typed, asked, options] of understood) {
  test(`\`waybill ${typed}\` is understood`, async () => {
    const calls: unknown[] = []
    const record = (name: keyof MainDoor) =>
      [name, async (...args: unknown[]) => void calls.push([name, ...args])] as const
    const main = Object.fromEntries(doorNames.map(record)) as unknown as MainDoor
    await runTyped(typed, async () => main)
    assert.deepEqual(calls, [options === undefined ? [asked] : [asked, options]])
  })
}

const mistaken = [
  // typed                                                         the message
  ['start --prot 8080', "Unknown option '--prot'"],
  ['start --port', "Option '--port <value>' argument missing"],
  ['start --port http', "'http' is not a TCP port, 0 to 65535"],
  ['start --port 65536', "'65536' is not a TCP port, 0 to 65535"],
  ['start now', "Unexpected argument 'now'"],
  ['work hard', "Unexpected argument 'hard'"],
  ['audit --json=yes', "Option '--json' does not take an argument"],
  ['import', 'what to import (products, prices, stock, customers, orders) is missing'],
  ['import orders', 'FILE.csv is missing'],
  ['import people a.csv', "'people' is none of: products, prices, stock, customers, orders"],
  ['import orders a.csv --dry-run', 'orders have no dry run'],
  ['export', 'what to export (products, prices, stock, customers) is missing'],
  ['export orders', "'orders' is none of: products, prices, stock, customers"],
  ['import orders a.csv b.csv', "Unexpected argument 'b.csv'"],
  ['keys', 'list, create or revoke is missing'],
  ['keys forget', "Unknown action 'forget'"],
  ['keys revoke', 'KEY is missing'],
  ['keys list --name x', "--name belongs to 'create'"],
  ['keys create --kind secret --scope orders:read', '--name is missing'],
  ['keys create --name x', '--kind must be publishable, secret or partner'],
  ['keys create --name x --kind secret', 'a secret key needs --scope'],
  ['keys create --name x --kind publishable --channel web --scope orders:read', 'a publishable key takes no --scope'],
] as const

for (const [typed, message] of mistaken) {
  test(`\`waybill ${typed}\` is refused before anything is loaded`, async () => {
    const main = (): Promise<MainDoor> => assert.fail('main.ts was loaded')
    await assert.rejects(runTyped(typed, main), new UsageError(message))
  })
}

test('every command has a help text, and the overview lists it', () => {
  const overview = runCli('--help')
  assert.equal(overview.status, 0)
  for (const [name, { summary }] of Object.entries(commands)) {
    assert.match(overview.stdout, new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, 'm'))
    const { status, stdout, stderr } = runCli(name, '--help')
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.ok(stdout.startsWith(`Usage: waybill ${name}`), stdout)
  }
})

test('`waybill bench --help` lists every scenario with a line', () => {
  const { status, stdout, stderr } = runCli('bench', '--help')
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  for (const [name, { about }] of Object.entries(scenarios)) {
    assert.match(stdout, new RegExp(`^  ${RegExp.escape(name)} +${RegExp.escape(about)}$`, 'm'))
  }
})

test('what was typed wrongly ends with exit code 2 and says where to look', () => {
  const said = (...args: string[]) => {
    const { status, stdout, stderr } = runCli(...args)
    return { status, stdout, stderr }
  }
  const unknown = "waybill: Unknown command 'stop'. See: waybill --help\n"
  assert.deepEqual(said('stop'), { status: 2, stdout: '', stderr: unknown })
  // A name that every object has is no command either.
  assert.equal(said('constructor').status, 2)
  const missing = 'waybill: KEY is missing. See: waybill keys --help\n'
  assert.deepEqual(said('keys', 'revoke'), { status: 2, stdout: '', stderr: missing })
  assert.equal(said().status, 2)
})

async function runTyped(typed: string, main: () => Promise<MainDoor>): Promise<void> {
  const [name = '', ...args] = typed.split(' ')
  await commands[name]?.run(args, main)
}

function runCli(...args: string[]) {
  const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' })
}
