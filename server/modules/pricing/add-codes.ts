import { randomFillSync } from 'node:crypto'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { plainCode } from './promotion.ts'
import { insertCodes, readBatch, readCode, switchCode, type PromotionCode } from './promotions.sql.ts'

/** Thirty-two letters and digits that nobody takes for another: five bits each. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
/** 60 bits: a thousand guesses a second find one of a million codes after 36 years. */
const RANDOM_LENGTH = 12

export type WantedCodes =
  | { readonly kind: 'named'; readonly codes: readonly string[] }
  | { readonly kind: 'generated'; readonly count: number; readonly prefix: string }

export type AddCodesOutcome =
  | { readonly kind: 'added'; readonly codes: readonly PromotionCode[] }
  /** None was added; the caller rolls back. */
  | { readonly kind: 'taken'; readonly codes: readonly string[] }

/** Adds codes to a promotion that is there: all or none. */
export async function addCodes(
  tx: Tx,
  {
    actor,
    promotionId,
    wanted,
    usesMax,
  }: {
    readonly actor: string
    readonly promotionId: Id<'promotion'>
    readonly wanted: WantedCodes
    readonly usesMax: number | null
  },
): Promise<AddCodesOutcome> {
  const batchId = newId<'request'>()
  const codes =
    wanted.kind === 'named'
      ? [...new Set(wanted.codes.map(plainCode))]
      : Array.from({ length: wanted.count }, () => plainCode(wanted.prefix) + randomCode())
  const added = new Set(await insertCodes(tx, { promotionId, batchId, codes, usesMax }))
  if (added.size < codes.length) return { kind: 'taken', codes: codes.filter((code) => !added.has(code)) }
  const id = formatId('promotion', promotionId)
  appendEvents(tx, [
    {
      type: 'promotion_codes.added',
      aggregateKind: 'promotion_codes',
      aggregateId: batchId,
      version: 1,
      data: { promotionId: id, count: codes.length },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'promotion_codes.added', object: id, detail: { count: codes.length } })
  return { kind: 'added', codes: await readBatch(tx, batchId) }
}

function randomCode(): string {
  let code = ''
  for (const byte of randomFillSync(Buffer.alloc(RANDOM_LENGTH))) code += ALPHABET[byte & 31]
  return code
}

export type SwitchCodeOutcome =
  | { readonly kind: 'switched'; readonly code: PromotionCode }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }

/** Switches a code on or off, if it still has the version that the editor saw. */
export async function setCodeActive(
  tx: Tx,
  {
    actor,
    promotionId,
    codeId,
    seenVersion,
    active,
  }: {
    readonly actor: string
    readonly promotionId: Id<'promotion'>
    readonly codeId: Id<'promotionCode'>
    readonly seenVersion: number
    readonly active: boolean
  },
): Promise<SwitchCodeOutcome> {
  const isSwitched = await switchCode(tx, { id: codeId, promotionId, seenVersion, active })
  const code = await readCode(tx, codeId)
  if (code === null || code.promotionId !== promotionId) return { kind: 'unknown' }
  if (!isSwitched) return { kind: 'version_mismatch', currentVersion: code.version }
  invariant(code.active === active, 'a code is what it was switched to')
  const id = formatId('promotionCode', codeId)
  const promotion = formatId('promotion', promotionId)
  appendEvents(tx, [
    {
      type: 'promotion_code.switched',
      aggregateKind: 'promotion_code',
      aggregateId: codeId,
      // Making it was told of its batch: a code's own story begins when it is switched.
      version: code.version - 1,
      data: { id, promotionId: promotion, active },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'promotion_code.switched', object: id, detail: { active } })
  return { kind: 'switched', code }
}
