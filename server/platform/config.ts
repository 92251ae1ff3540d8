/** One thing an operator can set. */
interface Setting<Value> {
  /** The name of the environment variable. */
  readonly variable: string
  /** One sentence for docs/configuration.md. */
  readonly meaning: string
  /** What the value looks like, to be put after "is not". */
  readonly form: string
  /** The default as an operator would write it; empty when absence is the default. */
  readonly fallback: string
  /** Whether the value may not be repeated in a message. */
  readonly isSecret?: boolean
  /** @returns undefined when the text is not of the form */
  readonly read: (text: string) => Value | undefined
}

/** Every setting there is. A name that begins with WAYBILL_ and is not here stops the start: it is a typing error. */
export const settings = {
  port: {
    variable: 'PORT',
    meaning: 'The TCP port the API is served on; 0 takes any free one.',
    fallback: '4000',
    ...wholeNumber(0, 65_535),
  },
  host: {
    variable: 'HOST',
    meaning: 'The address the API is served on; `0.0.0.0` makes it reachable from other machines.',
    fallback: '127.0.0.1',
    form: 'an IP address or host name',
    read: (text: string) => (/^[0-9A-Za-z.:_-]{1,253}$/.test(text) ? text : undefined),
  },
  databaseUrl: {
    variable: 'DATABASE_URL',
    meaning:
      'The PostgreSQL (15 or newer) to use; without it one is started from the package and kept in the data directory.',
    fallback: '',
    isSecret: true,
    ...url('postgres:', 'postgresql:'),
  },
  dataDir: {
    variable: 'WAYBILL_DATA_DIR',
    meaning: 'The directory for the embedded database, the master key and the keys of the demo shop.',
    fallback: '.waybill',
    form: 'a path',
    read: (text: string): string | undefined => text,
  },
  poolMax: {
    variable: 'WAYBILL_POOL_MAX',
    meaning: 'The most database connections a process holds; batches need few, the rest are for reads.',
    fallback: '10',
    ...wholeNumber(2, 500),
  },
  masterKey: {
    variable: 'WAYBILL_MASTER_KEY',
    meaning:
      'The key that wraps the keys of personal data and makes access tokens; without it one is made and kept in the ' +
      'data directory. Whoever loses it loses the personal data.',
    fallback: '',
    isSecret: true,
    form: '32 bytes in base64 (make one with: openssl rand -base64 32)',
    read: readKey,
  },
  logLevel: {
    variable: 'WAYBILL_LOG_LEVEL',
    meaning: 'The least severe log lines to write; `debug` has a line for every request.',
    fallback: 'info',
    ...oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  rateLimitPerSecond: {
    variable: 'WAYBILL_RATE_LIMIT_PER_SECOND',
    meaning: 'The most requests a second that a process takes from one API key; 0 lifts the limit.',
    fallback: '5000',
    ...wholeNumber(0, 1_000_000),
  },
  sandbox: {
    variable: 'WAYBILL_SANDBOX',
    meaning: 'Whether `waybill start` also starts the fake partners: a payment provider that moves no money.',
    fallback: 'true',
    ...oneOf('true', 'false'),
    read: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined),
  },
  pspUrl: {
    variable: 'WAYBILL_PSP_URL',
    meaning: 'Where the payment provider `sandbox` listens, when `waybill start` did not start it itself.',
    fallback: '',
    ...url('http:', 'https:'),
  },
} as const satisfies Record<string, Setting<unknown>>

type Settings = typeof settings
type ValueOf<Of extends Setting<unknown>> = NonNullable<ReturnType<Of['read']>>

/** What the operator wants, read and checked once at the start. A setting without a default may be undefined. */
export type Config = {
  readonly [Name in keyof Settings]: Settings[Name]['fallback'] extends ''
    ? ValueOf<Settings[Name]> | undefined
    : ValueOf<Settings[Name]>
}

export type ConfigReading = { readonly config: Config } | { readonly problems: readonly string[] }

/** Reads every setting and reports every problem at once: an operator should not have to start nine times. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ConfigReading {
  const problems: string[] = []
  const config: Record<string, unknown> = {}
  const known = new Set<string>()
  for (const [name, setting] of Object.entries<Setting<unknown>>(settings)) {
    known.add(setting.variable)
    // A variable set to nothing is how shells and compose files say "not set".
    const text = environment[setting.variable]?.trim() || setting.fallback
    if (text === '') continue
    const value = setting.read(text)
    if (value === undefined) problems.push(describeProblem(setting, text))
    else config[name] = value
  }
  for (const variable of Object.keys(environment).toSorted()) {
    // Those of the test runner are left to it: a server that a test starts inherits them.
    if (!variable.startsWith('WAYBILL_') || variable.startsWith('WAYBILL_TEST_') || known.has(variable)) continue
    problems.push(`${variable} is not a setting${closest(variable)}`)
  }
  return problems.length > 0 ? { problems } : { config: config as Config }
}

function describeProblem({ variable, form, isSecret = false }: Setting<unknown>, text: string): string {
  return isSecret ? `${variable} is not ${form}` : `${variable} is ${JSON.stringify(text)}, which is not ${form}`
}

/** `; did you mean …?` when a setting differs by its ending or by a letter or two. */
function closest(variable: string): string {
  const near = Object.values<Setting<unknown>>(settings).find(
    (setting) => editDistance(setting.variable, variable) <= 2,
  )
  return near === undefined ? '' : `; did you mean ${near.variable}?`
}

/** Levenshtein's: insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, length) => length)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

function wholeNumber(min: number, max: number) {
  return {
    form: `a whole number from ${min} to ${max}`,
    read: (text: string): number | undefined => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : undefined
      return value !== undefined && value >= min && value <= max ? value : undefined
    },
  }
}

function oneOf<const Values extends readonly string[]>(...values: Values) {
  return {
    form: `one of ${values.join(', ')}`,
    read: (text: string): Values[number] | undefined => values.find((value) => value === text),
  }
}

function url(...protocols: readonly string[]) {
  return {
    form: `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    read: (text: string): string | undefined =>
      protocols.includes(URL.parse(text)?.protocol ?? '') ? text : undefined,
  }
}

const KEY_BYTES = 32

function readKey(text: string): Buffer | undefined {
  const key = Buffer.from(text, 'base64')
  return /^[A-Za-z0-9+/]{43}=?$/.test(text) && key.length === KEY_BYTES ? key : undefined
}

/** The text of docs/configuration.md. */
export function describeSettings(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(
    ({ variable, meaning, form, fallback }) =>
      `| \`${variable}\` | ${form} | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning} |`,
  )
  return [
    '# Configuration',
    '',
    'Waybill is configured by environment variables, read once at the start. A value that is not of its form, or an',
    'unknown variable that begins with `WAYBILL_`, stops the start; every problem is listed at once.',
    'Made from the code by `node tools/docs.ts`; a test compares them.',
    '',
    '| variable | is | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
