import { Type } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  expectedVersion,
  idJson,
  InstantJson,
  line,
  machineCode,
  moneyJson,
  MoneyJson,
  once,
  page,
  pageQuery,
  PositiveMoneyJson,
  readId,
  readInstant,
  readMoney,
  refuse,
  refusePlatform,
  sendVersion,
  SignedMoneyJson,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { openRateLimit } from '../../platform/http/rate-limit.ts'
import type { Merchant } from '../merchant/index.ts'
import { changeGiftCard } from './change-gift-card.ts'
import { adjustValue, checkIssue, issueGiftCard } from './issue-value.ts'
import type { Payments } from './open-payments.ts'
import { refusals } from './payments.refusals.ts'
import type { IsCustomer } from './ports.ts'
import { adjustRefusalJson, mountEntries } from './store-credits.http.ts'
import { readShownCode, showCode } from './show-code.ts'
import { GiftCardJson, giftCardJson, IssuedGiftCardJson, ShownCode } from './stored-value-json.ts'
import { findGiftCard, listAccounts, readAccounts } from './stored-value.sql.ts'
import type { ValueAccountRow } from './value-account.ts'

export interface PaymentsHttpDeps {
  readonly db: Db
  readonly payments: Payments
  readonly merchant: Merchant
  readonly isCustomer: IsCustomer
}

/** Shoppers of one head who ask what a card is worth, a second. Codes cannot be guessed: this spares the database. */
const BALANCE_CHECKS_PER_SECOND = 20

const tags = ['payments']
const params = strict({ id: idJson('giftCard') })
const read = { scope: 'payments:read', idempotent: 'safe' } as const
const CodeBody = strict({
  code: machineCode(60, {
    description: 'As printed or typed: case, spaces and dashes do not count.',
    examples: ['7HQ2KM-XW4TRD-9FCBPN'],
  }),
})

export function mountGiftCards(app: App, deps: PaymentsHttpDeps): void {
  mountReading(app, deps)
  mountWriting(app, deps)
  mountBalance(app, deps)
}

function mountReading(app: App, { db, payments }: PaymentsHttpDeps): void {
  app.get(
    '/v1/admin/gift-cards',
    {
      schema: {
        summary: 'Lists gift cards, newest first',
        tags,
        querystring: strict({
          ...pageQuery,
          last4: Type.Optional(Type.String({ pattern: '^[2-9A-Z]{4}$', description: 'The end of the code.' })),
        }),
        response: { 200: page(GiftCardJson) },
      },
      config: read,
    },
    async (request, reply) => {
      const { limit, cursor, last4 = null } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const rows = await listAccounts(
        db,
        { kind: 'gift_card', last4, personId: null },
        { before: before[0], limit: limit + 1 },
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return reply.send({
        items: rows.slice(0, limit).map(giftCardJson),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )

  app.post(
    '/v1/admin/gift-cards/search',
    {
      schema: {
        summary: 'Finds a gift card by its code',
        description: 'A POST, so that codes stand in no URL and no access log.',
        tags,
        body: CodeBody,
        response: { 200: strict({ items: Type.Array(GiftCardJson) }) },
      },
      config: read,
    },
    async (request, reply) => {
      const card = await findByCode({ db, payments }, request.body.code)
      return reply.send({ items: card === null ? [] : [giftCardJson(card)] })
    },
  )

  app.get(
    '/v1/admin/gift-cards/:id',
    { schema: { summary: 'Reads a gift card', tags, params, response: { 200: GiftCardJson } }, config: read },
    async (request, reply) => {
      const card = await readGiftCard(db, readId('giftCard', request.params.id))
      if (card === null) return refusePlatform(reply, 'not_found')
      sendVersion(reply, card.version)
      return reply.send(giftCardJson(card))
    },
  )

  mountEntries(app, { db, kind: 'giftCard', path: '/v1/admin/gift-cards' })
}

function mountWriting(app: App, { db, payments, merchant }: PaymentsHttpDeps): void {
  app.post(
    '/v1/admin/gift-cards',
    {
      schema: {
        summary: 'Makes a gift card and shows its code once',
        description: 'Nobody is asked for money: cards that are sold are made when their order is paid.',
        tags,
        body: strict(
          {
            legalEntityId: idJson('legalEntity'),
            amount: PositiveMoneyJson,
            expiresAt: Type.Optional(InstantJson),
            reason: line(200),
          },
          { title: 'NewGiftCard' },
        ),
        response: { 201: IssuedGiftCardJson },
      },
      config: { scope: 'payments:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const { legalEntityId, amount, expiresAt, reason } = request.body
      const { minor: amountMinor, currency } = readMoney(amount)
      const card = {
        legalEntityId: readId('legalEntity', legalEntityId),
        currency,
        expiresAt: expiresAt === undefined ? null : readInstant(expiresAt),
      }
      const actor = actorOf(request.caller)
      const book = await merchant.currentBook()
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const refusal = checkIssue(card, book, tx.at)
          if (refusal !== null) return { refuse: refusal }
          const id = issueGiftCard(tx, { codes: payments.codes, actor, reason }, { ...card, amountMinor })
          await showCode(tx, { id, actor: null })
          return { status: 201, stored: { id } }
        },
        render: async ({ id }) => ({
          ...giftCardJson(must(await readGiftCard(db, id), 'the card that was made')),
          code: await readShownCode(db, payments.codes, id),
        }),
      })
    },
  )

  app.patch(
    '/v1/admin/gift-cards/:id',
    {
      schema: {
        summary: 'Blocks a gift card, unblocks it or gives it another expiry',
        tags,
        params,
        body: strict({
          blocked: Type.Optional(Type.Boolean()),
          expiresAt: Type.Optional(Type.Union([InstantJson, Type.Null()])),
        }),
        response: { 200: GiftCardJson },
      },
      config: { scope: 'payments:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const id = readId('giftCard', request.params.id)
      const { blocked, expiresAt } = request.body
      const outcome = await commitIf(
        db,
        (tx) =>
          changeGiftCard(tx, {
            id,
            seenVersion: expectedVersion(request),
            changes: { blocked, expiresAt: typeof expiresAt === 'string' ? readInstant(expiresAt) : expiresAt },
            actor: actorOf(request.caller),
          }),
        ({ kind }) => kind === 'changed',
      )
      if (outcome.kind === 'unknown') return refusePlatform(reply, 'not_found')
      if (outcome.kind === 'version_mismatch') {
        return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
      }
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      const card = must(await readGiftCard(db, id), 'the card that was changed')
      sendVersion(reply, card.version)
      return reply.send(giftCardJson(card))
    },
  )

  app.post(
    '/v1/admin/gift-cards/:id/adjustments',
    {
      schema: {
        summary: 'Corrects the value of a gift card, up or down',
        tags,
        params,
        body: strict({ amount: SignedMoneyJson, reason: line(200) }, { title: 'ValueAdjustment' }),
        response: { 200: GiftCardJson },
      },
      config: { scope: 'payments:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const id = readId('giftCard', request.params.id)
      if ((await readGiftCard(db, id)) === null) return refusePlatform(reply, 'not_found')
      const { minor: amountMinor, currency } = readMoney(request.body.amount)
      const { reason } = request.body
      const actor = actorOf(request.caller)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await adjustValue(tx, { id, amountMinor, currency, actor, reason })
          if (outcome.kind === 'refused') return { refuse: adjustRefusalJson(outcome.refusal) }
          return { status: 200, stored: { id } }
        },
        render: async (stored) => giftCardJson(must(await readGiftCard(db, stored.id), 'the card that was adjusted')),
      })
    },
  )

  app.post(
    '/v1/admin/gift-cards/:id/show-code',
    {
      schema: {
        summary: 'Shows the code of a gift card that was bought, once',
        description: 'For whoever sends it to the buyer. A repeat with the same key shows it again for a day.',
        tags,
        params,
        response: { 200: strict({ id: idJson('giftCard'), code: ShownCode }, { title: 'ShownCode' }) },
      },
      config: { scope: 'payments:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const id = readId('giftCard', request.params.id)
      if ((await readGiftCard(db, id)) === null) return refusePlatform(reply, 'not_found')
      const actor = actorOf(request.caller)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const shown = await showCode(tx, { id, actor })
          return shown === 'shown'
            ? { status: 200, stored: { id } }
            : { refuse: { code: 'code_shown_before' as const } }
        },
        render: async (stored) => ({
          id: formatId('giftCard', stored.id),
          code: await readShownCode(db, payments.codes, stored.id),
        }),
      })
    },
  )
}

function mountBalance(app: App, { db, payments }: PaymentsHttpDeps): void {
  const checks = openRateLimit(BALANCE_CHECKS_PER_SECOND)
  app.post(
    '/v1/store/gift-cards/balance',
    {
      schema: {
        summary: 'Tells what a gift card is worth',
        description: 'A POST, so that codes stand in no URL and no access log.',
        tags,
        body: CodeBody,
        response: {
          200: strict(
            {
              last4: Type.String(),
              available: MoneyJson,
              blocked: Type.Boolean(),
              expiresAt: Type.Union([InstantJson, Type.Null()]),
            },
            { title: 'GiftCardBalance' },
          ),
        },
      },
      config: { scope: 'store', idempotent: 'safe', refusals },
    },
    async (request, reply) => {
      const { caller } = request
      if (caller.kind !== 'publishable') return refusePlatform(reply, 'not_found')
      if (checks.take(caller.keyId, request.seenAt) < 0) return refusePlatform(reply, 'rate_limited', {}, 1)
      const card = await findByCode({ db, payments }, request.body.code)
      if (card === null) return refuse(reply, refusals, { code: 'gift_card_unknown' })
      const { balance_minor, reserved_minor, currency, blocked, expires_at } = card
      return reply.send({
        last4: must(card.code_last4, 'the end of a code'),
        available: moneyJson({ minor: balance_minor - reserved_minor, currency }),
        blocked,
        expiresAt: expires_at === null ? null : formatInstant(expires_at),
      })
    },
  )
}

async function findByCode(
  { db, payments }: Pick<PaymentsHttpDeps, 'db' | 'payments'>,
  typed: string,
): Promise<ValueAccountRow | null> {
  const hashes = payments.codes.hashes(typed)
  return hashes === null ? null : findGiftCard(db, hashes)
}

async function readGiftCard(db: Db, id: Id<'giftCard'>): Promise<ValueAccountRow | null> {
  const [row] = await readAccounts(db, [id])
  return row?.kind === 'gift_card' ? row : null
}

const foreignCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }
