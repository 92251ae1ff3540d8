import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findStale, makePages } from './docs.ts'
import { renderErrors, renderEvents } from './docs/render.ts'

const repository = resolve(import.meta.dirname, '..')

test('the committed pages are what the code says', async () => {
  assert.deepEqual(findStale(repository, await makePages(repository)), [], 'run: node tools/docs.ts')
})

/** A house with one room, on this house's own platform. */
function buildHouse(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'waybill-docs-'))
  t.after(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  for (const folder of ['server/kernel', 'server/platform']) {
    cpSync(join(repository, folder), join(root, folder), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    })
  }
  write('package.json', '{ "type": "module" }')
  write('docs/errors.md', 'old')
  write('server/version.ts', `export const version = '1.2.3'\n`)
  write(
    'server/modules/carts/carts.refusals.ts',
    `export const refusals = { cart_empty: { status: 422, meaning: 'Nothing is in it.' } }\n`,
  )
  write(
    'server/modules/carts/carts.events.ts',
    `import { Type } from 'typebox'
export const events = { 'cart.opened': { summary: 'A cart was opened.', data: Type.Object({ id: Type.String() }) } }\n`,
  )
  write('server/modules/integrations/describe-files.ts', `export function describeFiles() { return '# Files\\n' }\n`)
  write(
    'server/main.ts',
    `import { createHttpServer, mountPlatform } from './platform/http/index.ts'
export function describeApi() {
  const app = createHttpServer({ authenticate: () => null })
  mountPlatform(app, { version: '1.2.3', ready: () => null, metrics: async () => '' })
  return app
}\n`,
  )
  return root
}

test('the pages of a house are made from its rooms, and stale until written', async (t) => {
  const root = buildHouse(t)
  const pages = await makePages(root)
  assert.deepEqual(
    [...pages.keys()],
    ['docs/configuration.md', 'docs/csv.md', 'docs/errors.md', 'docs/events.md', 'docs/openapi.json'],
  )
  assert.match(
    pages.get('docs/errors.md') ?? '',
    /## Any route\n[^]*`malformed_json` \| 400[^]*## Carts\n[^]*\| `cart_empty` \| 422 \| Nothing is in it\. \|/,
  )
  assert.match(pages.get('docs/events.md') ?? '', /## Carts\n\n### `cart\.opened`\n\nA cart was opened\./)
  assert.match(pages.get('docs/configuration.md') ?? '', /\| `PORT` \|/)
  const api = JSON.parse(pages.get('docs/openapi.json') ?? '') as { info: { version: string }; paths: object }
  assert.deepEqual(
    [api.info.version, Object.keys(api.paths)],
    ['1.2.3', ['/healthz', '/metrics', '/openapi.json', '/readyz']],
  )

  assert.deepEqual(findStale(root, pages), [...pages.keys()])
  for (const [path, text] of pages) writeFileSync(join(root, path), text)
  assert.deepEqual(findStale(root, pages), [])
  writeFileSync(join(root, 'docs/events.md'), 'edited by hand')
  assert.deepEqual(findStale(root, pages), ['docs/events.md'])
})

test('a file that does not export what it is for is a mistake', async (t) => {
  const root = buildHouse(t)
  writeFileSync(join(root, 'server/modules/carts/carts.events.ts'), 'export const evnts = {}\n')
  await assert.rejects(makePages(root), /carts\.events\.ts does not export events/)
})

test('a code has one status wherever it is used, an event one owner', () => {
  const table = (status: number) => ({ taken: { status, meaning: 'x' } })
  assert.throws(
    () =>
      renderErrors({}, [
        { room: 'a', refusals: table(409) },
        { room: 'b', refusals: table(422) },
      ]),
    /taken is 422 in b and 409 elsewhere/,
  )
  assert.throws(
    () => renderErrors(table(409), [{ room: 'b', refusals: table(422) }]),
    /taken is 422 in b and 409 elsewhere/,
  )
  renderErrors({}, [
    { room: 'a', refusals: table(409) },
    { room: 'b', refusals: table(409) },
  ])
  const events = { 'a.made': { summary: 'x', data: {} } }
  assert.throws(
    () =>
      renderEvents([
        { room: 'a', events },
        { room: 'b', events },
      ]),
    /a\.made belongs to a and to b/,
  )
})

test("an event's data is shown property by property", () => {
  const text = { type: 'string' }
  const data = {
    type: 'object',
    required: ['id', 'kind', 'lines', 'total', 'at', 'note', 'who'],
    properties: {
      id: { ...text, description: 'The order, `ord_…` | its id' },
      kind: {
        anyOf: [
          { const: 'a', type: 'string' },
          { const: 'b', type: 'string' },
        ],
      },
      lines: {
        type: 'array',
        items: { type: 'object', required: ['sku'], properties: { sku: text, units: { type: 'integer' } } },
      },
      total: { type: 'object', title: 'Money', properties: { amount: { type: 'integer' } } },
      at: { ...text, format: 'date-time' },
      note: { anyOf: [text, { type: 'null' }] },
      who: { anyOf: [{ type: 'object', required: ['id'], properties: { id: text } }, { type: 'null' }] },
      tags: { type: 'object', patternProperties: { '^.*$': text } },
    },
  }
  const page = renderEvents([{ room: 'orders', events: { 'order.placed': { summary: 'An order was placed.', data } } }])
  assert.deepEqual(
    page.split('\n').filter((line) => line.startsWith('| `')),
    [
      '| `id` | string | The order, `ord_…` \\| its id |',
      '| `kind` | `a` or `b` |  |',
      '| `lines` | list of object |  |',
      '| `lines[].sku` | string |  |',
      '| `lines[].units` | integer, or absent |  |',
      '| `total` | Money |  |',
      '| `at` | instant |  |',
      '| `note` | string or null |  |',
      '| `who` | object or null |  |',
      '| `who.id` | string |  |',
      '| `tags` | object of string, or absent |  |',
    ],
  )
})
