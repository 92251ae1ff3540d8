import { expectWords, parse, UsageError, type Command } from './command.ts'
import { fileKinds, type FileKind, type KeyReach, type KeysOptions, type ListenOptions } from './main-door.ts'
import { runScript } from './run-script.ts'

const listenOptions = {
  port: { type: 'string', value: 'PORT', about: 'listen on this TCP port (configured by PORT, else 4000)' },
  host: { type: 'string', value: 'HOST', about: 'listen on this address (configured by HOST, else 127.0.0.1)' },
} as const

const importOptions = {
  'dry-run': { type: 'boolean', about: 'change nothing, and tell what would become of each row (not for orders)' },
  rejects: {
    type: 'string',
    value: 'FILE',
    about: 'write refused rows here (beside the input: FILE.refused.csv, of orders FILE.rejects.csv)',
  },
} as const

const exportOptions = {
  output: { type: 'string', value: 'FILE', about: 'write to this file (standard output)' },
} as const

const keysOptions = {
  kind: {
    type: 'string',
    value: 'KIND',
    about: 'publishable (a head), secret (administration) or partner (a location)',
  },
  name: { type: 'string', value: 'NAME', about: 'for the people who read the list' },
  channel: { type: 'string', value: 'CODE', about: 'publishable: the channel it sells through' },
  scope: { type: 'string', multiple: true, value: 'SCOPE', about: 'secret: what it may do; may be repeated' },
  location: {
    type: 'string',
    multiple: true,
    value: 'CODE',
    about: 'partner: the location it serves; may be repeated',
  },
} as const

const auditOptions = {
  json: { type: 'boolean', about: 'print one JSON object' },
  'provider-books': {
    type: 'boolean',
    about: "also compare our money book with the payment providers' own; without traffic",
  },
} as const

const importable = [...fileKinds, 'orders'].join(', ')

/** In the order of the help text. */
export const commands: Readonly<Record<string, Command>> = {
  start: {
    synopsis: '[--port PORT] [--host HOST]',
    summary: 'Brings up everything on this machine and serves',
    details: `
Starts the embedded PostgreSQL on .waybill/postgres (or uses DATABASE_URL), migrates it, fills an empty one with a demo
merchant, prints the address and the demo keys, and serves and works in one process until Ctrl-C.`,
    options: listenOptions,
    run: async (args, main) => {
      const options = parseListen(args)
      return (await main()).start(options)
    },
  },
  serve: {
    synopsis: '[--port PORT] [--host HOST]',
    summary: 'Serves the API; one of several equal nodes',
    details: 'Background work is left to `waybill work`. The schema must be up to date: see `waybill migrate`.',
    options: listenOptions,
    run: async (args, main) => {
      const options = parseListen(args)
      return (await main()).serve(options)
    },
  },
  work: {
    synopsis: '',
    summary: 'Does the background work: events, outside calls, timers',
    options: {},
    run: async (args, main) => {
      expectNothing(args)
      return (await main()).work()
    },
  },
  migrate: {
    synopsis: '',
    summary: 'Brings the database to this version’s schema',
    options: {},
    run: async (args, main) => {
      expectNothing(args)
      return (await main()).migrate()
    },
  },
  seed: {
    synopsis: '',
    summary: 'Fills an empty database with a demo merchant',
    options: {},
    run: async (args, main) => {
      expectNothing(args)
      return (await main()).seed()
    },
  },
  import: {
    synopsis: 'products|prices|stock|customers|orders FILE.csv [--dry-run] [--rejects FILE]',
    summary: 'Takes in a file, each row once',
    details: `
Products, prices, stock and customers: the columns are in docs/csv.md, or in what \`waybill export\` writes. Exit code 0
when every row went in, 1 when some were refused. Ended in between, the rest is taken by a server at work on the
database; given again, the command changes what is left to change.

Orders: the columns of UCI Online Retail. Run again it goes on where it was interrupted.

A name that ends in .gz is unpacked. What is refused goes to a file of its own, with the reasons.`,
    options: importOptions,
    run: async (args, main) => {
      const { values, positionals } = parse(args, importOptions)
      const [what = '', file = ''] = expectWords(positionals, `what to import (${importable})`, 'FILE.csv')
      const { 'dry-run': dryRun = false, rejects } = values
      const options = rejects === undefined ? { file } : { file, rejectsFile: rejects }
      if (what !== 'orders') {
        const kind = readKind(what, importable)
        return (await main()).importFile({ kind, dryRun, ...options })
      }
      if (dryRun) throw new UsageError('orders have no dry run')
      return (await main()).importOrders(options)
    },
  },
  export: {
    synopsis: 'products|prices|stock|customers [--output FILE]',
    summary: 'Writes all of a kind as CSV, as the import takes it',
    details: 'Imported again, it changes nothing. The columns are in docs/csv.md.',
    options: exportOptions,
    run: async (args, main) => {
      const { values, positionals } = parse(args, exportOptions)
      const [what = ''] = expectWords(positionals, `what to export (${fileKinds.join(', ')})`)
      const kind = readKind(what, fileKinds.join(', '))
      return (await main()).exportFile(values.output === undefined ? { kind } : { kind, file: values.output })
    },
  },
  keys: {
    synopsis: 'list | create --kind KIND --name NAME … | revoke KEY',
    summary: 'Lists, makes and revokes API keys',
    details: 'A new key is printed once and stored as a hash only. A revoked key is refused from the next request on.',
    options: keysOptions,
    run: async (args, main) => {
      const options = parseKeys(args)
      return (await main()).keys(options)
    },
  },
  audit: {
    synopsis: '[--json] [--provider-books]',
    summary: 'Checks every invariant of the data; exit code 1 when one is violated',
    options: auditOptions,
    run: async (args, main) => {
      const { values, positionals } = parse(args, auditOptions)
      expectWords(positionals)
      return (await main()).audit({ json: values.json ?? false, providerBooks: values['provider-books'] ?? false })
    },
  },
  bench: {
    synopsis: '[SCENARIO] [--json] …',
    summary: 'Measures this machine; without a scenario lists them',
    options: {},
    helpsItself: true,
    run: (args) => runScript('bench/run.ts', args),
  },
  test: {
    synopsis: '[PART OF A PATH…]',
    summary: 'Runs the tests, or those whose file has one of the parts in its path',
    details: 'They bring a PostgreSQL of their own; WAYBILL_TEST_DATABASE_URL names another one to run on.',
    options: {},
    run: (args) => runScript('tools/test.ts', args),
  },
}

function readKind(what: string, known: string): FileKind {
  const kind = fileKinds.find((each) => each === what)
  if (kind === undefined) throw new UsageError(`'${what}' is none of: ${known}`)
  return kind
}

function expectNothing(args: readonly string[]): void {
  expectWords(parse(args, {}).positionals)
}

function parseListen(args: readonly string[]): ListenOptions {
  const { values, positionals } = parse(args, listenOptions)
  expectWords(positionals)
  const { host, port } = values
  return { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port: parsePort(port) }) }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError(`'${text}' is not a TCP port, 0 to 65535`)
  return port
}

function parseKeys(args: readonly string[]): KeysOptions {
  const { values, positionals } = parse(args, keysOptions)
  const [action, ...words] = positionals
  const [firstGiven] = Object.keys(values)
  switch (action) {
    case 'create':
      expectWords(words)
      if (values.name === undefined) throw new UsageError('--name is missing')
      return { action, name: values.name, reach: parseReach(values) }
    case 'list':
      expectWords(words)
      if (firstGiven !== undefined) throw new UsageError(`--${firstGiven} belongs to 'create'`)
      return { action }
    case 'revoke':
      expectWords(words, 'KEY')
      if (firstGiven !== undefined) throw new UsageError(`--${firstGiven} belongs to 'create'`)
      return { action, key: words[0] ?? '' }
    default:
      throw new UsageError(action === undefined ? 'list, create or revoke is missing' : `Unknown action '${action}'`)
  }
}

interface ReachValues {
  readonly kind?: string
  readonly channel?: string
  readonly scope?: readonly string[]
  readonly location?: readonly string[]
}

function parseReach({ kind = '', channel, scope, location }: ReachValues): KeyReach {
  const extra = { channel, scope, location }
  const only = (allowed: keyof typeof extra): void => {
    for (const name of ['channel', 'scope', 'location'] as const) {
      if (name === allowed && extra[name] === undefined) throw new UsageError(`a ${kind} key needs --${name}`)
      if (name !== allowed && extra[name] !== undefined) throw new UsageError(`a ${kind} key takes no --${name}`)
    }
  }
  switch (kind) {
    case 'publishable':
      only('channel')
      return { kind, channel: channel ?? '' }
    case 'secret':
      only('scope')
      return { kind, scopes: scope ?? [] }
    case 'partner':
      only('location')
      return { kind, locations: location ?? [] }
    default:
      throw new UsageError('--kind must be publishable, secret or partner')
  }
}
