import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, DatabaseAwayError, sqlState, type Db, type Queryable, type Statement } from '../../platform/db.ts'
import { createConfiguration, openMerchant, type Merchant } from '../merchant/index.ts'
import { hashApiKey, makeApiKey } from './api-key.ts'
import type { CreateApiKeyRefusal, Granter, NewApiKey } from './create-api-key.ts'
import { KeyRing } from './key-ring.ts'
import { openIdentity, type Identity } from './open-identity.ts'

let database: TestDatabase
let db: Db
let merchant: Merchant
let identity: Identity
let channelId: Id<'channel'>

const knownLocation = newId<'location'>()
const locations = {
  unknownLocations: async (_source: Queryable, ids: readonly Id<'location'>[]) =>
    ids.filter((id) => id !== knownLocation),
}
const masterKeys = [{ version: 1, secret: randomBytes(32) }]
const operator: Granter = { actor: 'operator', scopes: null }

const openNode = (): Identity => openIdentity({ db, merchant, locations, masterKeys })

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  merchant = openMerchant({ db })
  identity = openNode()
  channelId = await db.inTransaction(async (tx) => {
    const currency = 'USD' as CurrencyCode
    const entity = await createConfiguration(tx, {
      actor: 'test',
      kind: 'legalEntity',
      fields: { code: 'us', name: 'Fernway', country: 'US', currency, timeZone: 'UTC' },
    })
    assert.ok(entity.kind === 'created')
    const channel = await createConfiguration(tx, {
      actor: 'test',
      kind: 'channel',
      fields: {
        code: 'web',
        name: 'Web',
        kind: 'web',
        legalEntityId: entity.row.id,
        marketId: null,
        currency,
        currencies: [currency],
        locale: 'en-US',
        timeZone: 'UTC',
        taxIncluded: false,
        trusted: false,
        cartTtlS: 3_600,
        quoteTtlS: 900,
        claimsAt: 'order',
        paymentTtlS: 1_800,
        paymentCapS: 86_400,
        active: true,
      },
    })
    assert.ok(channel.kind === 'created')
    return channel.row.id
  })
})
after(async () => {
  await db.close()
  await database.drop()
})

async function create(wanted: NewApiKey, granter = operator): Promise<{ id: Id<'apiKey'>; key: string }> {
  const outcome = await db.inTransaction((tx) => identity.createApiKey(tx, granter, wanted))
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome))
  return { id: outcome.apiKey.id, key: outcome.key }
}

const secret = (name = 'test'): NewApiKey => ({ kind: 'secret', name, scopes: ['orders:read', 'orders:write'] })

test('each kind of key is recognised with what it is bound to', async () => {
  const head = await create({ kind: 'publishable', name: 'head', channelId })
  const scopes = ['orders:write', 'orders:read', 'orders:read']
  const integration = await create({ kind: 'secret', name: 'erp', scopes })
  const partner = await create({ kind: 'partner', name: 'Dallas', locationIds: [knownLocation] })
  assert.deepEqual(await identity.authenticate(head.key), { kind: 'publishable', keyId: head.id, channelId })
  assert.deepEqual(await identity.authenticate(integration.key), {
    kind: 'secret',
    keyId: integration.id,
    scopes: ['orders:read', 'orders:write'],
  })
  assert.deepEqual(await identity.authenticate(partner.key), {
    kind: 'partner',
    keyId: partner.id,
    locationIds: [knownLocation],
  })
})

test('the database holds no key, only its SHA-256 and a hint', async () => {
  const { id, key } = await create(secret('stored'))
  const [row] = await db.rows<Record<string, unknown>>({
    name: 'test.stored',
    text: `select api_key::text as row, encode(hash, 'base64') as hash, hint from identity.api_key where id = $1`,
    values: [id],
  })
  assert.equal(row?.['hash'], hashApiKey(key))
  assert.equal(row?.['hint'], `wb_sk_…${key.slice(-4)}`)
  assert.ok(!String(row?.['row']).includes(key.slice(6, 20)))
  const told = await db.rows<{ told: string }>({
    name: 'test.told',
    text: 'select data::text as told from platform.event union all select detail::text from platform.audit_entry',
  })
  assert.ok(told.length > 0 && told.every((each) => !each.told.includes(key.slice(6, 20))))
})

type RefusalRow = readonly [wanted: NewApiKey, granter: Granter, expected: CreateApiKeyRefusal['code']]
const integration: Granter = { actor: 'key_01h2xcejqtf2nbrexx3vqjhp41', scopes: ['identity:write', 'orders:read'] }
const refusalRows: readonly RefusalRow[] = [
  [{ kind: 'secret', name: '  ', scopes: ['orders:read'] }, operator, 'key_name_blank'],
  [{ kind: 'secret', name: 'x', scopes: [] }, operator, 'scopes_missing'],
  [{ kind: 'secret', name: 'x', scopes: ['orders:read', 'orders:delete'] }, operator, 'scope_unknown'],
  [{ kind: 'secret', name: 'x', scopes: ['*'] }, operator, 'scope_unknown'],
  [{ kind: 'secret', name: 'x', scopes: ['payments:write'] }, integration, 'scope_not_held'],
  [{ kind: 'publishable', name: 'x', channelId: newId() }, operator, 'channel_unknown'],
  [{ kind: 'partner', name: 'x', locationIds: [] }, operator, 'locations_missing'],
  [{ kind: 'partner', name: 'x', locationIds: [knownLocation, newId()] }, operator, 'location_unknown'],
]
for (const [wanted, granter, expected] of refusalRows) {
  test(`${JSON.stringify(wanted)} by ${granter.actor}: ${expected}`, async () => {
    const outcome = await db.inTransaction((tx) => identity.createApiKey(tx, granter, wanted))
    assert.ok(outcome.kind === 'refused' && outcome.refusal.code === expected, JSON.stringify(outcome))
  })
}

test('a key may pass on the scopes it holds', async () => {
  await create({ kind: 'secret', name: 'reader', scopes: ['orders:read'] }, integration)
})

test('a revoked key is unknown on this node when the call returns, and on others once they have looked', async () => {
  const { id, key } = await create(secret('short-lived'))
  const otherNode = openNode()
  assert.ok(await identity.authenticate(key))
  assert.ok(await otherNode.authenticate(key))

  const revoked = await identity.revokeApiKey({ actor: 'operator', id })
  assert.ok(revoked !== null && revoked.revokedAt !== null)
  assert.equal(await identity.authenticate(key), null)
  assert.ok(await otherNode.authenticate(key), 'it has not looked yet')
  await otherNode.refresh()
  assert.equal(await otherNode.authenticate(key), null)

  assert.deepEqual(await identity.revokeApiKey({ actor: 'operator', id }), revoked, 'again: the same, once')
  assert.equal(await identity.revokeApiKey({ actor: 'operator', id: newId() }), null)
  const object = formatId('apiKey', id)
  const told = await db.rows<{ type: string }>({
    name: 'test.revoked',
    text: 'select type from platform.event where aggregate_id = $1 order by position',
    values: [id],
  })
  assert.deepEqual(
    told.map(({ type }) => type),
    ['api_key.created', 'api_key.revoked'],
  )
  const audited = await db.rows<{ action: string }>({
    name: 'test.revoked_audit',
    text: 'select action from platform.audit_entry where object = $1 order by id',
    values: [object],
  })
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['api_key.created', 'api_key.revoked'],
  )
})

test('a look that began before a revocation cannot bring the key back', async () => {
  const { id, key } = await create(secret('raced'))
  const gate = Promise.withResolvers<void>()
  let held = false
  const slow: Queryable = {
    execute: (statement) => db.execute(statement),
    rows: async <Row>(statement: Statement) => {
      const rows = await db.rows<Row>(statement)
      if (statement.name === 'identity.read_live_api_keys' && !held) {
        held = true
        await gate.promise
      }
      return rows
    },
  }
  const ring = new KeyRing(slow)
  const begunBefore = ring.refresh()
  while (!held) await new Promise(setImmediate)
  const { revokeApiKey } = await import('./revoke-api-key.ts')
  await revokeApiKey({ db, ring }, { actor: 'operator', id })
  assert.equal(await ring.authenticate(key), null)
  gate.resolve()
  await begunBefore
  assert.equal(await ring.authenticate(key), null)
})

test('a known key costs no statement; a thousand unknown ones share a few looks', async () => {
  const { key } = await create(secret('hot'))
  let statements = 0
  const counting: Queryable = {
    execute: (statement) => db.execute(statement),
    rows: (statement) => {
      statements++
      return db.rows(statement)
    },
  }
  const ring = new KeyRing(counting)
  await ring.refresh()
  statements = 0
  for (let n = 0; n < 1_000; n++) assert.ok(!(ring.authenticate(key) instanceof Promise))
  assert.equal(statements, 0)

  for (let n = 0; n < 1_000; n++) assert.equal(ring.authenticate(`wb_sk_ not a key ${n}`), null)
  assert.equal(statements, 0)

  const began = performance.now()
  const answers = await Promise.all(Array.from({ length: 1_000 }, async () => ring.authenticate(makeApiKey('secret'))))
  assert.ok(answers.every((answer) => answer === null))
  const looks = 1 + Math.floor((performance.now() - began) / 100)
  assert.ok(statements <= looks, `${statements} statements, at most ${looks}`)
  assert.ok(statements >= 1)
})

test('a key made on another node a moment ago is found at its first use', async () => {
  const otherNode = openNode()
  await otherNode.refresh()
  for (let n = 0; n < 3; n++) {
    const { key, id } = await create(secret(`fresh ${n}`))
    const caller = await otherNode.authenticate(key)
    assert.equal(caller?.kind === 'secret' && caller.keyId, id)
  }
})

test('with the database away known keys are recognised and unknown ones answered with the reason', async () => {
  const { key } = await create(secret('degraded'))
  let isAway = false
  const flaky: Queryable = {
    execute: (statement) => db.execute(statement),
    rows: (statement) => (isAway ? Promise.reject(new DatabaseAwayError('away')) : db.rows(statement)),
  }
  const ring = new KeyRing(flaky)
  await ring.refresh()
  isAway = true
  assert.ok(await ring.authenticate(key))
  await assert.rejects(async () => ring.authenticate(makeApiKey('secret')), DatabaseAwayError)
  await assert.rejects(ring.refresh(), DatabaseAwayError)
  assert.ok(await ring.authenticate(key), 'a failed look forgets nothing')
  isAway = false
  assert.equal(await ring.authenticate(makeApiKey('secret')), null)
})

test('keys are listed newest first, page by page', async () => {
  const ids: Id<'apiKey'>[] = []
  for (let n = 0; n < 5; n++) ids.unshift((await create(secret(`listed ${n}`))).id)
  const firstPage = await identity.listApiKeys({ before: null, limit: 3 })
  const secondPage = await identity.listApiKeys({ before: firstPage.at(-1)?.id ?? null, limit: 2 })
  assert.deepEqual(
    [...firstPage, ...secondPage].map(({ id }) => id),
    ids,
  )
})

test('the schema refuses keys bound to nothing', async () => {
  const unbind = [
    `update identity.api_key set channel_id = null where kind = 'publishable'`,
    `update identity.api_key set location_ids = '{}' where kind = 'partner'`,
    `update identity.api_key set scopes = '{}' where kind = 'secret'`,
    `update identity.api_key set hash = '\\x00'`,
  ]
  for (const text of unbind) {
    const name = `test.${text.slice(0, 40)}${text.length}`
    await assert.rejects(db.execute({ name, text }), (error) => sqlState(error) === '23514')
  }
})
