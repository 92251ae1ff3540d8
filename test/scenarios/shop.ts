import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { runAudits } from '../../server/platform/audits/run-audits.ts'
import { openAuditDb } from '../../server/platform/audits/open-audit-db.ts'
import type { Answer } from '../support/api-client.ts'
import { openTestApi, type TestApi } from '../support/api.ts'
import { query } from '../support/server.ts'

/** What stories are told with: a buyer, a merchant, and time that can be moved. */
export interface Shop {
  readonly api: TestApi
  buy(order: object, key?: string): Promise<Answer>
  asBuyer(
    method: string,
    path: string,
    options?: { readonly body?: object; readonly token?: string; readonly key?: string; readonly version?: number },
  ): Promise<Answer>
  asMerchant(method: string, path: string, body?: object, version?: number): Promise<Answer>
  /** Units that nobody has claimed, over all locations. */
  free(sku: string): Promise<number>
  /** Moves business time forward; leases and deadlines of outside calls do not notice. */
  later(minutes: number): Promise<void>
  /** Makes whatever waits for its next try due now. */
  retryNow(): Promise<void>
  /** Asks until the answer is as wanted, at most ten seconds. */
  eventually<Result>(ask: () => Promise<Result>, isWanted: (result: Result) => boolean): Promise<Result>
  /** The names of violated invariants. */
  violations(): Promise<string[]>
  /** The provider's page for a 3-D Secure step, answered by the buyer. */
  challenge(url: string, decision: 'approve' | 'decline'): Promise<void>
  close(): Promise<void>
}

export const newYork = {
  name: 'Ada Lovelace',
  line1: '1 Main Street',
  city: 'New York',
  region: 'NY',
  postalCode: '10001',
  country: 'US',
}

export function pay(token: string) {
  return { provider: 'sandbox', token }
}

export async function openShop(): Promise<Shop> {
  const api = await openTestApi({ works: true })
  const { publishableKey, secretKey } = api.keys
  const asBuyer: Shop['asBuyer'] = (method, path, { body, token, key, version } = {}) =>
    api.send({
      method,
      path: `/v1/store${path}`,
      headers: {
        authorization: `Bearer ${publishableKey}`,
        ...(method === 'POST' ? { 'idempotency-key': key ?? randomUUID() } : {}),
        ...(token === undefined ? {} : { 'waybill-access-token': token }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      ...(body === undefined ? {} : { body }),
    })
  const asMerchant: Shop['asMerchant'] = (method, path, body, version) =>
    api.send({
      method,
      path: `/v1/admin${path}`,
      headers: {
        authorization: `Bearer ${secretKey}`,
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      ...(body === undefined ? {} : { body }),
    })
  return {
    api,
    asBuyer,
    asMerchant,
    buy: (order, key) => asBuyer('POST', '/orders', { body: order, ...(key === undefined ? {} : { key }) }),
    async free(sku) {
      const [row] = await query<{ free: number }>(
        api.databaseUrl,
        `select coalesce(sum(quantity - claimed), 0)::int as free
           from inventory.supply join catalog.variant on variant.id = supply.variant_id
          where variant.sku = $1 and supply.kind = 'on_hand' and supply.disposition = 'sellable'`,
        [sku],
      )
      return row?.free ?? 0
    },
    async later(minutes) {
      await query(
        api.databaseUrl,
        `update platform.clock set anchor_business = anchor_business + $1 * interval '1 minute'`,
        [minutes],
      )
    },
    async retryNow() {
      await query(
        api.databaseUrl,
        `update payments.attempt set next_try_at = '2026-01-01', leased_until = null where next_try_at is not null`,
      )
    },
    async eventually(ask, isWanted) {
      const giveUpAt = performance.now() + 10_000
      for (;;) {
        const result = await ask()
        if (isWanted(result) || performance.now() > giveUpAt) return result
        await sleep(50)
      }
    },
    async violations() {
      const db = openAuditDb(api.databaseUrl)
      try {
        return (await runAudits(db)).filter((result) => result.violations > 0).map((result) => result.name)
      } finally {
        await db.close()
      }
    },
    async challenge(url, decision) {
      const answered = await fetch(`${url}/${decision}`, { method: 'POST', redirect: 'manual' })
      if (answered.status >= 400) throw new Error(`the provider answered ${answered.status} to ${decision}`)
    },
    close: () => api.close(),
  }
}
