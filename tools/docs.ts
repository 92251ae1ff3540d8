import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import type { App } from '../server/platform/http/index.ts'
import { renderErrors, renderEvents, type RoomErrors, type RoomEvents } from './docs/render.ts'

/** The pages that are made from the code, by their path from the repository's root. */
export type Pages = ReadonlyMap<string, string>

/**
 * Makes docs/errors.md, docs/events.md, docs/configuration.md, docs/csv.md and docs/openapi.json from the code at `root`:
 * the tables `refusals` and `events` of every room, the settings of `config`, and the routes of the server that
 * `describeApi` of server/main.ts builds without a database.
 */
export async function makePages(root: string): Promise<Pages> {
  const platform = await load<PlatformModules>(root, {
    refusals: 'server/platform/http/refusals.ts',
    config: 'server/platform/config.ts',
    openapi: 'server/platform/http/openapi.ts',
    version: 'server/version.ts',
    main: 'server/main.ts',
    files: 'server/modules/integrations/describe-files.ts',
  })
  const app = platform.main.describeApi()
  const api = platform.openapi.describeOpenApi(app, platform.version.version)
  await app.close()
  return new Map([
    ['docs/configuration.md', platform.config.describeSettings()],
    ['docs/csv.md', platform.files.describeFiles()],
    ['docs/errors.md', renderErrors(platform.refusals.refusals, await readRooms<RoomErrors>(root, 'refusals'))],
    ['docs/events.md', renderEvents(await readRooms<RoomEvents>(root, 'events'))],
    ['docs/openapi.json', `${JSON.stringify(api, null, 2)}\n`],
  ])
}

interface PlatformModules {
  readonly refusals: typeof import('../server/platform/http/refusals.ts')
  readonly config: typeof import('../server/platform/config.ts')
  readonly openapi: typeof import('../server/platform/http/openapi.ts')
  readonly version: { readonly version: string }
  readonly files: { readonly describeFiles: () => string }
  readonly main: { readonly describeApi: () => App }
}

async function load<Modules extends object>(
  root: string,
  paths: Readonly<Record<keyof Modules & string, string>>,
): Promise<Modules> {
  const modules = Object.entries<string>(paths).map(
    async ([name, path]) => [name, await importFile(root, path)] as const,
  )
  return Object.fromEntries(await Promise.all(modules)) as Modules
}

/** What the rooms export under `name` from `<room>.<name>.ts`, in the order of the rooms' names. */
async function readRooms<Room extends { readonly room: string }>(
  root: string,
  name: 'refusals' | 'events',
): Promise<Room[]> {
  const files = globSync(`server/modules/*/*.${name}.ts`, { cwd: root }).toSorted()
  return Promise.all(
    files.map(async (path) => {
      const exported = (await importFile(root, path))[name]
      if (typeof exported !== 'object') throw new Error(`${path} does not export ${name}`)
      return { room: basename(path).replace(`.${name}.ts`, ''), [name]: exported } as unknown as Room
    }),
  )
}

async function importFile(root: string, path: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>
}

/** The pages at `root` that are not as the code would have them. */
export function findStale(root: string, pages: Pages): string[] {
  return [...pages].filter(([path, text]) => readPage(join(root, path)) !== text).map(([path]) => path)
}

function readPage(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

const usage = `usage: node tools/docs.ts [--check] [ROOT]

Makes docs/configuration.md, docs/errors.md, docs/events.md and docs/openapi.json from the code.

  --check   write nothing; name the pages that are not up to date and exit 1 when there is one
  --help    print this text
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(usage)
  const root = resolve(positionals[0] ?? `${import.meta.dirname}/..`)
  const pages = await makePages(root)
  for (const path of findStale(root, pages)) {
    if (values.check) {
      process.stdout.write(`${path} is not up to date: run node tools/docs.ts\n`)
      process.exitCode = 1
    } else {
      writeFileSync(join(root, path), pages.get(path) ?? '')
      process.stdout.write(`${path} written\n`)
    }
  }
}

if (import.meta.main) await main()
