import { Type } from 'typebox'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  idJson,
  line,
  moneyJson,
  once,
  page,
  pageQuery,
  readId,
  readMoney,
  refuse,
  refusePlatform,
  SignedMoneyJson,
  strict,
  type App,
  type OnceOutcome,
} from '../../platform/http/index.ts'
import type { PaymentsHttpDeps } from './gift-cards.http.ts'
import { checkIssue, grantStoreCredit, type AdjustRefusal } from './issue-value.ts'
import { refusals, type PaymentsRefusal } from './payments.refusals.ts'
import { StoreCreditJson, storeCreditJson, ValueEntryJson, valueEntryJson } from './stored-value-json.ts'
import { findStoreCredit, listAccounts, listEntries, readAccounts } from './stored-value.sql.ts'

const tags = ['payments']

export function mountStoreCredits(app: App, { db, merchant, isCustomer }: PaymentsHttpDeps): void {
  app.get(
    '/v1/admin/store-credits',
    {
      schema: {
        summary: 'Lists store credit, newest first',
        tags,
        querystring: strict({ ...pageQuery, customerId: Type.Optional(idJson('person')) }),
        response: { 200: page(StoreCreditJson) },
      },
      config: { scope: 'payments:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const { limit, cursor, customerId } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const personId = customerId === undefined ? null : readId('person', customerId)
      const rows = await listAccounts(
        db,
        { kind: 'store_credit', last4: null, personId },
        { before: before[0], limit: limit + 1 },
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return reply.send({
        items: rows.slice(0, limit).map(storeCreditJson),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )

  app.post(
    '/v1/admin/store-credits',
    {
      schema: {
        summary: 'Gives a customer store credit, or takes some back',
        tags,
        body: strict(
          {
            customerId: idJson('person'),
            legalEntityId: idJson('legalEntity'),
            amount: SignedMoneyJson,
            reason: line(200),
          },
          { title: 'StoreCreditGrant' },
        ),
        response: { 200: StoreCreditJson },
      },
      config: { scope: 'payments:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const { customerId, legalEntityId, amount, reason } = request.body
      const { minor: amountMinor, currency } = readMoney(amount)
      const owner = {
        personId: readId('person', customerId),
        legalEntityId: readId('legalEntity', legalEntityId),
        currency,
      }
      const actor = actorOf(request.caller)
      if (!(await isCustomer(db, owner.personId))) return refuse(reply, refusals, { code: 'customer_unknown' })
      const book = await merchant.currentBook()
      return once({ db }, request, reply, {
        refusals,
        work: async (tx): Promise<OnceOutcome<typeof owner, { readonly code: PaymentsRefusal['code'] }>> => {
          const refusal = checkIssue({ ...owner, expiresAt: null }, book, tx.at)
          if (refusal !== null) return { refuse: refusal }
          const outcome = await grantStoreCredit(tx, owner, { amountMinor, actor, reason })
          if (outcome.kind === 'refused') return { refuse: adjustRefusalJson(outcome.refusal) }
          return { status: 200, stored: { ...owner } }
        },
        render: async (stored) => storeCreditJson(must(await findStoreCredit(db, stored), 'the credit that was given')),
      })
    },
  )

  mountEntries(app, { db, kind: 'storeCredit', path: '/v1/admin/store-credits' })
}

/** The ledger of one gift card or one customer's credit. */
export function mountEntries(
  app: App,
  {
    db,
    kind,
    path,
  }: {
    readonly db: Db
    readonly kind: 'giftCard' | 'storeCredit'
    readonly path: string
  },
): void {
  app.get(
    `${path}/:id/entries`,
    {
      schema: {
        summary: 'Lists what happened to stored value, newest first',
        tags,
        params: strict({ id: idJson(kind) }),
        querystring: strict(pageQuery),
        response: { 200: page(ValueEntryJson) },
      },
      config: { scope: 'payments:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['integer'])
      if (before === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const id: Id<'giftCard' | 'storeCredit'> = readId(kind, request.params.id)
      const [account] = await readAccounts(db, [id])
      if (account === undefined) return refusePlatform(reply, 'not_found')
      const entries = await listEntries(db, id, { before: before[0], limit: limit + 1 })
      const last = entries.length > limit ? entries[limit - 1] : undefined
      return reply.send({
        items: entries.slice(0, limit).map((entry) => valueEntryJson(entry, account.currency)),
        nextCursor: last === undefined ? null : encodeCursor([Number(last.id)]),
      })
    },
  )
}

/** In the API's form. */
export function adjustRefusalJson(refusal: AdjustRefusal) {
  if (refusal.code !== 'value_insufficient') return refusal
  const { code, availableMinor, currency } = refusal
  return { code, available: moneyJson({ minor: availableMinor, currency }) }
}

const foreignCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }
