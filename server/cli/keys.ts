import { formatId, parseId } from '../kernel/id.ts'
import { formatInstant } from '../kernel/time.ts'
import type { NewApiKey } from '../modules/identity/index.ts'
import type { Db } from '../platform/db.ts'
import type { Rooms } from '../rooms.ts'
import type { KeyReach, KeysOptions } from './main-door.ts'

/** In the audit log: a person at the server itself, who may grant everything. */
const ACTOR = 'command_line'
const PAGE = 1_000

interface KeysDeps {
  readonly db: Db
  readonly rooms: Rooms
  readonly say: (message: string) => void
}

/** @returns the exit code */
export async function runKeysCommand(deps: KeysDeps, options: KeysOptions): Promise<number> {
  switch (options.action) {
    case 'list':
      return listKeys(deps)
    case 'create':
      return createKey(deps, options)
    case 'revoke':
      return revokeKey(deps, options.key)
  }
}

async function listKeys({ rooms, say }: KeysDeps): Promise<number> {
  const keys = await rooms.identity.listApiKeys({ before: null, limit: PAGE })
  for (const { id, kind, name, hint, createdAt, revokedAt } of keys) {
    const state = revokedAt === null ? 'live' : `revoked ${formatInstant(revokedAt)}`
    say(
      `${formatId('apiKey', id)}  ${kind.padEnd(11)}  ${hint.padEnd(12)}  ${formatInstant(createdAt)}  ${state}  ${name}`,
    )
  }
  return 0
}

async function createKey(
  { db, rooms, say }: KeysDeps,
  { name, reach }: Extract<KeysOptions, { action: 'create' }>,
): Promise<number> {
  const wanted = await bind(rooms, name, reach)
  if (typeof wanted === 'string') {
    say(wanted)
    return 1
  }
  const outcome = await db.inTransaction((tx) =>
    rooms.identity.createApiKey(tx, { actor: ACTOR, scopes: null }, wanted),
  )
  if (outcome.kind === 'refused') {
    say(`The key was not made: ${outcome.refusal.code}`)
    return 1
  }
  say(`${outcome.key}\n\nThis is ${formatId('apiKey', outcome.apiKey.id)}; the key itself is shown this once.`)
  return 0
}

/** @returns what is wrong, as a sentence, when a code names nothing */
async function bind(rooms: Rooms, name: string, reach: KeyReach): Promise<NewApiKey | string> {
  switch (reach.kind) {
    case 'secret':
      return { kind: 'secret', name, scopes: reach.scopes }
    case 'publishable': {
      const channel = (await rooms.merchant.currentBook()).channelByCode.get(reach.channel)
      return channel === undefined
        ? `There is no channel ${reach.channel}.`
        : { kind: 'publishable', name, channelId: channel.id }
    }
    case 'partner': {
      const { byCode } = await rooms.inventory.currentLocations()
      const missing = reach.locations.find((code) => !byCode.has(code))
      if (missing !== undefined) return `There is no location ${missing}.`
      return { kind: 'partner', name, locationIds: reach.locations.flatMap((code) => byCode.get(code)?.id ?? []) }
    }
  }
}

async function revokeKey({ rooms, say }: KeysDeps, key: string): Promise<number> {
  const id = parseId('apiKey', key)
  const revoked = id === null ? null : await rooms.identity.revokeApiKey({ actor: ACTOR, id })
  say(revoked === null ? `There is no key ${key}.` : `Revoked ${key} (${revoked.name}).`)
  return revoked === null ? 1 : 0
}
