import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { readersOfAnyView, rooms } from './tidy/house.ts'
import { looksLikeSql } from './tidy/sql-text.ts'
import { readFiles, type Files } from './tidy/tree.ts'
import { findUntidy, renderFinding, rules } from './tidy.ts'

const readme = '# A room\n\n## Owns\n\n## Invariants\n\n## Events\n\n## Tables\n'

/** A small house in which everything is in order. */
const tidyHouse: Readonly<Record<string, string>> = {
  'server/main.ts': [
    `import { openCarts } from './modules/carts/index.ts'`,
    `import { createProvider } from './adapters/psp/sandbox.ts'`,
    'export const config = process.env',
    'openCarts(createProvider())',
  ].join('\n'),
  'server/journey.ts': `import { openCarts } from './modules/carts/index.ts'\nexport const reactions = [openCarts]\n`,
  'server/kernel/money.ts': 'export const zero = 0n\n',
  'server/kernel/id.ts': `export const newId = () => 'made by chance'\n`,
  'server/platform/db.ts': `import pg from 'pg'\nimport { pid } from 'node:process'\nexport const me = pid\nexport const at = () => Date.now()\nexport const begin = 'begin isolation level read committed'\nexport default pg\n`,
  'server/adapters/psp/sandbox.ts': `import type { Provider } from '../../modules/payments/ports.ts'\nexport const createProvider = (): Provider => ({})\n`,
  'server/modules/payments/README.md': readme,
  'server/modules/payments/index.ts': `export type { Provider } from './ports.ts'\n`,
  'server/modules/payments/ports.ts': 'export interface Provider {}\n',
  'server/modules/carts/README.md': readme,
  'server/modules/carts/index.ts': `export { openCarts } from './open-carts.ts'\n`,
  'server/modules/carts/open-carts.ts': [
    `import { lockCarts } from './carts.sql.ts'`,
    `import { decideOpening } from './decide-opening.ts'`,
    `import { planFast } from '../sourcing/index.ts'`,
    `import type { Provider } from '../payments/index.ts'`,
    'export const openCarts = (provider: Provider) => [provider, lockCarts, decideOpening, planFast]',
  ].join('\n'),
  'server/modules/carts/decide-opening.ts': [
    `import { zero } from '../../kernel/money.ts'`,
    `import { LINES_MAX } from './limits.ts'`,
    `import { Temporal } from 'temporal-polyfill'`,
    `import { planFast, type Book } from '../sourcing/index.ts'`,
    `import type { Provider } from '../payments/index.ts'`,
    `import type { Tx } from '../../platform/db.ts'`,
    'export type B = [Book, Tx]',
    'export const day = Temporal.PlainDate',
    'export const decideOpening = (provider: Provider, at: number) => [provider, zero, LINES_MAX, planFast, new Date(at)]',
  ].join('\n'),
  'server/modules/carts/limits.ts': 'export const LINES_MAX = 500\n',
  'server/modules/carts/carts.sql.ts': [
    'export const lockCarts = {',
    `  name: 'carts.lock_carts',`,
    '  text: `with wanted as (select * from unnest($1::uuid[]) as t(id)), due as materialized (select 1),',
    '              late (id, n) as not materialized (select 1, 2 from only carts.cart), c2 as (select 3 from late)',
    '         select c.id, extract(epoch from c.expires_at), c.a is distinct from c.b from carts.cart as c, wanted w, due',
    '           join pricing.price_now v on v.cart_id = c.id, lateral (select 2) two',
    `          where c.id = w.id and c.note <> 'taken from stock.shelf' -- from shelf.two`,
    '          order by c.id for no key update of c`,',
    '}',
    'export const saveCarts = {',
    `  name: 'carts.save_carts',`,
    '  text: `insert into carts.cart (id) select id from unnest($1::uuid[], $2::int[]) with ordinality as n(id)',
    '         on conflict (id) do update set version = carts.cart.version + 1, seen = platform.business_day($3)`,',
    '}',
  ].join('\n'),
  'server/modules/carts/carts.sql.test.ts': [
    `import pg from 'pg'`,
    `import { lockCarts } from './carts.sql.ts'`,
    "export const plant = { name: 'carts.lock_carts', text: `select now() from inventory.supply` }",
    'export default [pg, lockCarts]',
  ].join('\n'),
  'server/modules/carts/open-carts.test.ts': [
    `import { createProvider } from '../../adapters/psp/sandbox.ts'`,
    `import { LINES_MAX } from './limits.ts'`,
    `import { returnsOpen } from '../returns/index.ts'`,
    'export const plant = [createProvider, LINES_MAX, returnsOpen, `update inventory.supply set claimed = 9`, Date.now()]',
  ].join('\n'),
  'server/modules/inventory/README.md': `${readme}\n## Published views\n- \`inventory.available\` what is free\n`,
  'server/modules/pricing/README.md': `${readme}\n## Published views\n- \`pricing.price_now\` what it costs\n`,
  'server/modules/pricing/index.ts': 'export const pricesOpen = true\n',
  'server/modules/inventory/index.ts': `export const refusal = 'select a location from the list, then update the cart'\n`,
  'server/modules/sourcing/README.md': readme,
  'server/modules/sourcing/index.ts': `export { planFast } from './plan-fast.ts'\nexport { bookAt as readBook } from './sourcing.sql.ts'\nexport const loose = 1\n`,
  'server/modules/sourcing/plan-fast.ts': `import { SITES_MAX } from './sites.ts'\nexport const planFast = SITES_MAX\n`,
  'server/modules/sourcing/sites.ts': 'export const SITES_MAX = 50\n',
  'server/modules/sourcing/sourcing.sql.ts': `import pg from '../../platform/db.ts'\nexport const bookAt = pg\n`,
  'server/modules/returns/README.md': readme,
  'server/modules/returns/index.ts': 'export const returnsOpen = true\n',
  'server/migrations/0001_carts.sql':
    'create table carts.cart (id uuid, recorded_at timestamptz default clock_timestamp());\ncreate view inventory.available as select 1;\ncreate or replace view pricing.price_now as select 1;\n',
  'server/audits/no-cart-outlives-its-expiry.sql': 'select * from carts.cart, orders.orders\n',
  'docs/glossary.md': '# *Words*\n\n**available** free for *carts*\n**cart** a wish\n**prepare, pay** see *Prepare*\n',
  'docs/decisions/README.md': '- [0001](0001-one-database.md)\n',
  'docs/decisions/0001-one-database.md':
    '# One database\nSee [the words](../glossary.md#cart), [the rooms](../../server/modules/), [here](#below).\n',
  'bin/waybill': `#!/usr/bin/env node\nawait import('../server/' + 'main.ts')\n`,
  'bench/intake.ts': `import pg from 'pg'\nexport const limit = { name: 'limit', text: 'select now() from carts.cart' }\nexport default pg\n`,
  'docs/README.md': '# Docs\n\n## Published views\n`none.here`, [the web](https://example.org/a.md)\n',
  'server/journey.test.ts': `import { createProvider } from './adapters/psp/sandbox.ts'\nexport default createProvider\n`,
  'tools/show.ts': `import { openCarts } from '../server/modules/carts/index.ts'\nconsole.log(openCarts, process.env['HOME'])\n`,
}

interface Plant {
  readonly rule: string
  readonly when: string
  /** Files added or replaced; null removes one. */
  readonly files: Readonly<Record<string, string | null>>
  /** `path:line` of what is found, by this rule and no other. */
  readonly found: readonly string[]
}

const cartsFile = 'server/modules/carts/merge-carts.ts'
const cartsSql = 'server/modules/carts/more.sql.ts'
const decision = 'server/modules/carts/decide-merge.ts'
const sqlFile = (...lines: string[]): string => ['export const text = `', ...lines, '`'].join('\n')

const plants: readonly Plant[] = [
  {
    rule: 'parses',
    when: 'a file is broken',
    files: { [cartsFile]: 'export const a = 1\nexport const = 2\n' },
    found: [`${cartsFile}:2`],
  },

  {
    rule: 'room-door',
    when: "a room imports another's inner file, even for a type",
    files: { [cartsFile]: `import type { Provider } from '../payments/ports.ts'\nexport type P = Provider\n` },
    found: [`${cartsFile}:1`],
  },
  {
    rule: 'room-door',
    when: 'it does so by export, by import(), or by the type import()',
    files: {
      [cartsFile]: [
        `export { a } from '../payments/a.ts'`,
        `export * from '../payments/b.ts'`,
        `export const c = await import('../payments/c.ts')`,
        `export type D = import('../payments/d.ts').D`,
      ].join('\n'),
    },
    found: [`${cartsFile}:1`, `${cartsFile}:2`, `${cartsFile}:3`, `${cartsFile}:4`],
  },
  {
    rule: 'room-door',
    when: 'main, a test or a tool walks past the door',
    files: {
      'server/main.ts': `import { routes } from './modules/carts/carts.http.ts'\nexport default routes\n`,
      'test/scenarios/buy.test.ts': `import '../../server/modules/carts/open-carts.ts'\n`,
      'server/adapters/psp/own.ts': `import type { Cart } from '../../modules/carts/limits.ts'\nexport type C = Cart\n`,
      'bin/waybill': `#!/usr/bin/env node\n'use strict'\nconst { openCarts } = require('../server/modules/carts/open-carts.ts')\n`,
    },
    found: ['bin/waybill:3', 'server/adapters/psp/own.ts:1', 'server/main.ts:1', 'test/scenarios/buy.test.ts:1'],
  },
  {
    rule: 'room-door',
    when: 'a room goes through its own door',
    files: { [cartsFile]: `import type { openCarts } from './index.ts'\nexport type O = typeof openCarts\n` },
    found: [`${cartsFile}:1`],
  },

  {
    rule: 'room-may-open',
    when: 'a room opens one that is not in its row',
    files: {
      [cartsFile]: `import { planFast } from '../sourcing/index.ts'\nimport { returnsOpen } from '../returns/index.ts'\nexport default [planFast, returnsOpen]\n`,
    },
    found: [`${cartsFile}:2`],
  },
  {
    rule: 'room-may-open',
    when: 'it takes only a type from there',
    files: { [cartsFile]: `import type { R } from '../returns/index.ts'\nexport type S = R\n` },
    found: [`${cartsFile}:1`],
  },

  {
    rule: 'layer',
    when: 'the kernel or the platform knows a business word',
    files: {
      'server/kernel/money.ts': `import '../platform/db.ts'\nexport const zero = 0n\n`,
      'server/platform/batch.ts': `import type { O } from '../modules/carts/index.ts'\nexport type P = O\n`,
    },
    found: ['server/kernel/money.ts:1', 'server/platform/batch.ts:1'],
  },
  {
    rule: 'layer',
    when: 'a room knows an adapter, main or the journey',
    files: {
      [cartsFile]: `import '../../adapters/psp/sandbox.ts'\nimport type { config } from '../../main.ts'\nimport '../../journey.ts'\nexport type C = typeof config\n`,
    },
    found: [`${cartsFile}:1`, `${cartsFile}:2`, `${cartsFile}:3`],
  },
  {
    rule: 'layer',
    when: 'an adapter takes more than types from a room',
    files: {
      'server/adapters/psp/own.ts': `import { openCarts } from '../../modules/carts/index.ts'\nexport default openCarts\n`,
    },
    found: ['server/adapters/psp/own.ts:1'],
  },
  {
    rule: 'layer',
    when: 'a fake partner or a head shares our code',
    files: {
      'sandbox/provider.ts': `import { openCarts } from '../server/modules/carts/index.ts'\nexport default openCarts\n`,
      'heads/storefront/app.tsx': `import { zero } from '../../server/kernel/money.ts'\nexport default zero\n`,
    },
    found: ['heads/storefront/app.tsx:1', 'sandbox/provider.ts:1'],
  },
  {
    rule: 'layer',
    when: 'a file has no place',
    files: { 'server/extra/thing.ts': 'export const a = 1\n' },
    found: ['server/extra/thing.ts:1'],
  },

  {
    rule: 'pure-file',
    when: 'a decision imports the platform, all of another room, a package, or makes an id',
    files: {
      [decision]: [
        `import { at } from '../../platform/db.ts'`,
        `import * as planFast from '../sourcing/index.ts'`,
        `import { v7 } from 'uuid'`,
        `import { newId } from '../../kernel/id.ts'`,
        'export default [at, planFast, v7, newId]',
      ].join('\n'),
    },
    found: [`${decision}:1`, `${decision}:2`, `${decision}:3`, `${decision}:4`],
  },
  {
    rule: 'pure-file',
    when: 'what a door passes on is not pure, or stands in the door itself',
    files: {
      [decision]: `import { planFast, readBook } from '../sourcing/index.ts'\nimport { loose } from '../sourcing/index.ts'\nexport default [planFast, readBook, loose]\n`,
    },
    found: [`${decision}:1`, `${decision}:2`],
  },
  {
    rule: 'pure-file',
    when: 'it reaches SQL by way of a harmless looking file of its room',
    files: {
      [decision]: `import { harmless } from './harmless.ts'\nexport default harmless\n`,
      'server/modules/carts/harmless.ts': `import { deeper } from './deeper.ts'\nexport const harmless = deeper\n`,
      'server/modules/carts/deeper.ts': `import { at } from '../../platform/db.ts'\nexport const deeper = at\n`,
    },
    found: [`${decision}:1`],
  },
  {
    rule: 'pure-file',
    when: 'it asks the network or waits',
    files: { [decision]: 'fetch("http://x")\nsetTimeout(() => 1, 5)\nexport default process.pid\n' },
    found: [`${decision}:1`, `${decision}:2`, `${decision}:3`],
  },

  {
    rule: 'package-home',
    when: 'a room brings its own driver, queue or HTTP client',
    files: {
      [cartsFile]: `import pg from 'pg'\nimport { run } from 'graphile-worker'\nimport { request } from 'undici'\nexport default [pg, run, request]\n`,
    },
    found: [`${cartsFile}:1`, `${cartsFile}:2`, `${cartsFile}:3`],
  },
  {
    rule: 'package-home',
    when: 'the query builder leaves the SQL files',
    files: {
      [cartsFile]: `import { Kysely } from 'kysely'\nexport default Kysely\n`,
      [cartsSql]: `import { Kysely } from 'kysely'\nexport default Kysely\n`,
    },
    found: [`${cartsFile}:1`],
  },

  {
    rule: 'import-path',
    when: 'an extension is missing or a path is computed',
    files: { [cartsFile]: `import { LINES_MAX } from './limits'\nexport default await import('./' + LINES_MAX)\n` },
    found: [`${cartsFile}:1`, `${cartsFile}:2`],
  },

  {
    rule: 'import-cycle',
    when: 'three files import each other in a circle',
    files: {
      'server/modules/carts/a.ts': `// why\nimport { b } from './b.ts'\nexport const a = b\n`,
      'server/modules/carts/b.ts': `import { c } from './c.ts'\nexport const b = c\n`,
      'server/modules/carts/c.ts': `import { a } from './a.ts'\nexport const c = a\n`,
    },
    found: ['server/modules/carts/a.ts:2'],
  },
  {
    rule: 'import-cycle',
    when: 'a file imports itself, and two others each other; types make no circle',
    files: {
      'server/modules/carts/a.ts': `import { a as b } from './a.ts'\nexport const a = b\n`,
      'server/kernel/x.ts': `import { y } from './y.ts'\nexport const x = y\n`,
      'server/kernel/y.ts': `import { x } from './x.ts'\nexport const y = x\n`,
      'server/kernel/v.ts': `import type { W } from './w.ts'\nexport type V = W\n`,
      'server/kernel/w.ts': `import type { V } from './v.ts'\nexport type W = V\n`,
    },
    found: ['server/kernel/x.ts:1', 'server/modules/carts/a.ts:1'],
  },

  {
    rule: 'known-room',
    when: 'a room is not in the house, has no door, or a file lies beside the rooms',
    files: {
      'server/modules/loyalty/index.ts': 'export const a = 1\n',
      'server/modules/catalog/README.md': readme,
      'server/modules/stray.ts': 'export const a = 1\n',
    },
    found: ['server/modules/catalog/README.md:1', 'server/modules/loyalty/index.ts:1', 'server/modules/stray.ts:1'],
  },

  {
    rule: 'sql-in-sql-files',
    when: 'statements or pieces of them stand in a use case',
    files: {
      [cartsFile]: [
        'export const a = `select id from carts.cart`',
        `export const b = 'delete from carts.cart where id = $1'`,
        'export const c = (n: number) => ` and status = $${n}`',
        'export const d = sql`anything`',
        'export const e = `-- why\n  update carts.cart set version = 2`',
        `export const f = 'where c.id = any($1::uuid[])'`,
      ].join('\n'),
    },
    found: [1, 2, 3, 4, 5, 7].map((line) => `${cartsFile}:${line}`),
  },

  {
    rule: 'sql-own-tables',
    when: "another room's or the platform's table is named in any place a table can stand",
    files: {
      [cartsSql]: sqlFile(
        'select * from carts.cart c, inventory.supply s', // 2
        'select * from carts.cart join lateral (select 1 from orders.line) l on true', // 3
        'insert into platform.event (id) values (1)', // 4
        'update pricing.price p set a = 1 from carts.cart', // 5
        'delete from carts.cart using returns.line r where true', // 6
        'select extract(epoch from c.at) from only shipping.parcel c', // 7
        'select * from (payments.attempt a join carts.cart c using (id)), "catalog"."variant" v', // 8
        'with x as (select 1) select * from unnest($1::int[]) with ordinality as u(i), customers.person', // 9
        'select orders.line_total(c.id) from carts.cart c', // 10
        'select * from public.cart, pg_catalog.pg_class', // 11
        "select 'two", // 12
        "lines' from carts.gone g, only returns.line r", // 13
        'select trim(both from c.a) from catalog.variant', // 14
      ),
    },
    found: [2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 11, 13, 14].map((line) => `${cartsSql}:${line}`),
  },
  {
    rule: 'sql-own-tables',
    when: 'a table is left to the search path, or computed',
    files: {
      [cartsSql]: [
        'export const a = `select * from cart`',
        'export const b = (table: string) => `select * from ${table} t`',
        'export const c = (table: string) => `select * from carts.${table} t`',
        'export const piece = `c.a,',
        '  c.b from cart c`',
      ].join('\n'),
    },
    found: [1, 2, 3, 5].map((line) => `${cartsSql}:${line}`),
  },
  {
    rule: 'sql-own-tables',
    when: 'a view is published, but by a room it may not open',
    files: {
      'server/modules/returns/README.md': `${readme}\n## Published views\n\`returns.rate\`\n`,
      'server/migrations/0002_rate.sql': 'create view returns.rate as select 1;\n',
      [cartsSql]: sqlFile('select * from returns.rate'),
      'server/modules/insights/README.md': readme,
      'server/modules/insights/index.ts': 'export const reports = 1\n',
      'server/modules/insights/insights.sql.ts': sqlFile('select * from returns.rate, inventory.available'),
      'server/modules/sourcing/sourcing.sql.ts': sqlFile('select * from inventory.available'),
    },
    found: [`${cartsSql}:2`],
  },

  {
    rule: 'sql-business-time',
    when: 'SQL asks for the time',
    files: {
      [cartsSql]: sqlFile(
        'select now(), c.now',
        'from carts.cart c where c.at < current_timestamp',
        'and c.b < clock_timestamp()',
      ),
      'server/platform/leases.ts': sqlFile('select now() + $1::interval', 'from platform.lease'),
      'server/migrations/0002_more.sql':
        '-- now() is business\ncreate table carts.more (at timestamptz default now());\n',
    },
    found: [
      'server/migrations/0002_more.sql:2',
      `${cartsSql}:2`,
      `${cartsSql}:3`,
      `${cartsSql}:4`,
      'server/platform/leases.ts:2',
    ],
  },

  {
    rule: 'statement-name',
    when: "a name is taken, lacks the room, or is longer than PostgreSQL's",
    files: {
      [cartsSql]: [
        "export const a = { name: 'carts.lock_carts', text: 'select 1' }",
        "export const b = { name: 'lock', text: 'select 1' }",
        `export const c = { name: 'carts.${'x'.repeat(58)}', text: 'select 1' }`,
        "export const d = { name: `carts.lock_carts`, ...{}, text: 'select 1' }",
        "export const e = { name: 'no statement' }",
      ].join('\n'),
    },
    found: [1, 2, 3, 4].map((line) => `${cartsSql}:${line}`),
  },

  {
    rule: 'published-view',
    when: "it is another schema's, or no migration creates it",
    files: {
      'server/modules/carts/README.md': `${readme}## Published views\n\`carts.open\`\n\`orders.open\`\n## More\n\`carts.cart\`\n`,
    },
    found: ['server/modules/carts/README.md:11', 'server/modules/carts/README.md:12'],
  },

  {
    rule: 'environment',
    when: 'a room or the platform reads the environment',
    files: {
      [cartsFile]: `export const a = process.env['X']\nexport const { env } = process\n`,
      'server/platform/config.ts': `import { env } from 'node:process'\nexport default env\n`,
    },
    found: [`${cartsFile}:1`, `${cartsFile}:2`, 'server/platform/config.ts:1'],
  },

  {
    rule: 'ambient-clock',
    when: 'business code asks the machine for time or chance',
    files: {
      [cartsFile]: [
        'export const a = Date.now()',
        'export const b = new Date()',
        'export const c = globalThis.Math.random()',
        'export const d = Temporal.Now.instant()',
        'export const e = performance.now()',
        'export const f = new Date(0)',
      ].join('\n'),
    },
    found: [1, 2, 3, 4, 5].map((line) => `${cartsFile}:${line}`),
  },

  {
    rule: 'console',
    when: 'the server prints',
    files: { [cartsFile]: `console.error('lost')\n`, 'server/cli.ts': `console.log('welcome')\n` },
    found: [`${cartsFile}:1`],
  },

  {
    rule: 'empty-name',
    when: 'a folder or a file is a drawer for everything',
    files: {
      'server/platform/utils/text.ts': 'export const a = 1\n',
      'server/platform/utils/time.ts': 'export const a = 1\n',
      'server/modules/carts/helpers.ts': 'export const a = 1\n',
    },
    found: ['server/modules/carts/helpers.ts:1', 'server/platform/utils/text.ts:1'],
  },

  {
    rule: 'file-name',
    when: 'case, suffix or number are out of order',
    files: {
      'server/modules/carts/mergeCarts.ts': 'export const a = 1\n',
      'server/modules/carts/merge.service.ts': 'export const a = 1\n',
      'server/adapters/psp/psp.http.ts': 'export const a = 1\n',
      'server/migrations/0001_again.sql': 'select 1\n',
      'server/migrations/0002-dash.sql': 'select 1\n',
      'server/audits/NoCart.sql': 'select 1\n',
    },
    found: [
      'server/adapters/psp/psp.http.ts:1',
      'server/audits/NoCart.sql:1',
      'server/migrations/0001_again.sql:1',
      'server/migrations/0002-dash.sql:1',
      'server/modules/carts/merge.service.ts:1',
      'server/modules/carts/mergeCarts.ts:1',
    ],
  },

  {
    rule: 'file-length',
    when: 'a file of a room has 501 lines; 500 are fine',
    files: { [cartsFile]: 'export {}\n'.repeat(501), 'server/modules/carts/long.ts': 'export {}\n'.repeat(500) },
    found: [`${cartsFile}:501`],
  },

  {
    rule: 'room-readme',
    when: 'it is missing or lacks a heading',
    files: {
      'server/modules/carts/README.md': '# Carts\n\n## Owns\n## Events\n## Tables\n',
      'server/modules/returns/README.md': null,
    },
    found: ['server/modules/carts/README.md:1', 'server/modules/returns/README.md:1'],
  },

  {
    rule: 'glossary',
    when: 'a word is out of order, defined twice, or slanted and not defined',
    files: {
      'docs/glossary.md': '**hold** a\n**cart** b\n**claim** c\n**Claim** d\n**gate** for *holds* and *tills*\n',
    },
    found: ['docs/glossary.md:2', 'docs/glossary.md:4', 'docs/glossary.md:5'],
  },

  {
    rule: 'decision',
    when: 'a number is skipped, a name is odd, or one is not listed',
    files: {
      'docs/decisions/README.md': '- [1](0001-one-database.md)\n- [3](0003-three.md)\n- [x](later.md)\n',
      'docs/decisions/0003-three.md': '# Three\n',
      'docs/decisions/0004-four.md': '# Four\n',
      'docs/decisions/later.md': '# Later\n',
    },
    found: ['docs/decisions/0003-three.md:1', 'docs/decisions/0004-four.md:1', 'docs/decisions/later.md:1'],
  },

  {
    rule: 'doc-link',
    when: 'a link leads nowhere',
    files: {
      'CONTRIBUTING.md':
        'See [here](docs/glossary.md),\n[there](docs/gone.md#x), `[code](gone.md)`, [web](https://x.org/a.md)\n',
    },
    found: ['CONTRIBUTING.md:2'],
  },
]

function plant(changes: Readonly<Record<string, string | null>>): Files {
  const files = new Map(Object.entries(tidyHouse))
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) files.delete(path)
    else files.set(path, text)
  }
  return files
}

describe('the rules of the house', () => {
  test('a tidy house has no findings', () => {
    assert.deepEqual(findUntidy(plant({})).map(renderFinding), [])
  })

  for (const { rule, when, files, found } of plants) {
    test(`${rule}: ${when}`, () => {
      const findings = findUntidy(plant(files))
      const ofRule = findings.filter((finding) => finding.rule === rule)
      assert.deepEqual(
        ofRule.map(({ path, line }) => `${path}:${line}`),
        found,
        findings.map(renderFinding).join('\n'),
      )
    })
  }

  test('every rule has been seen failing', () => {
    const seen = new Set(plants.map(({ rule }) => rule))
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !seen.has(name)),
      [],
    )
  })
})

describe('the table of rooms', () => {
  test('names only rooms, and no room opens itself by way of others', () => {
    const reach = (room: string, way: readonly string[]): void => {
      assert.ok(room in rooms, `${room} is a room`)
      assert.ok(!way.includes(room), `circle: ${[...way, room].join(' → ')}`)
      for (const opened of rooms[room] ?? []) reach(opened, [...way, room])
    }
    for (const room of [...Object.keys(rooms), ...readersOfAnyView]) reach(room, [])
  })
})

describe('what counts as SQL', () => {
  const texts = [
    ['select 1', true],
    ['select pg_current_xact_id()', true],
    ['SELECT id, name FROM cart', true],
    ['  -- why\n  select id from carts.cart', true],
    ['with a as (select 1) select * from a', true],
    ['insert into carts.cart (id) values ($1)', true],
    ['update carts.cart set version = 1', true],
    ['create table if not exists carts.cart (id uuid)', true],
    ['drop schema carts cascade', true],
    ['truncate carts.cart', true],
    ['set local lock_timeout = 5', true],
    ['begin; select 1', true],
    ['order by created_at desc', true],
    ['left join orders.line l on true', true],
    ['select a location from the list', false],
    ['select one of the options', false],
    ['update the cart, set a new total', false],
    ['insert into the queue', false],
    ['delete from the basket what is not wanted', false],
    ['create a table reservation', false],
    ['with regards', false],
    ['order by phone or in the shop', false],
    ['set aside and join the queue at $5', false],
    ['begin', false],
    ['values are minor units', false],
    ['drop table', false],
  ] as const
  for (const [text, isSql] of texts) {
    test(`${isSql ? 'SQL' : 'prose'}: ${JSON.stringify(text)}`, () => assert.equal(looksLikeSql(text), isSql))
  }
})

describe('the command', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [`${import.meta.dirname}/tidy.ts`, ...args], { encoding: 'utf8', timeout: 20_000 })

  test('prints a line a finding and exits 1; prints nothing and exits 0 when the house is in order', (t) => {
    const root = mkdtempSync(join(tmpdir(), 'waybill-tidy-'))
    t.after(() => rmSync(root, { recursive: true }))
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    for (const [path, text] of Object.entries(tidyHouse)) write(path, text)
    write('node_modules/pg/index.js', `import './nowhere'\n`)
    const tidy = run(root)
    assert.deepEqual([tidy.status, tidy.stdout, tidy.stderr], [0, '', ''])

    write('server/modules/carts/merge-carts.ts', `\nconsole.log('here')\n`)
    const untidy = run(root)
    assert.deepEqual(
      [untidy.status, untidy.stdout],
      [1, 'server/modules/carts/merge-carts.ts:2 console: console.log: use the logger\n'],
    )
  })

  test('--rules says what each rule asks for', () => {
    const { stdout } = run('--rules')
    assert.equal(stdout.trim().split('\n').length, rules.length)
  })
})

test('this house is in order', () => {
  assert.deepEqual(findUntidy(readFiles(join(import.meta.dirname, '..'))).map(renderFinding), [])
})
