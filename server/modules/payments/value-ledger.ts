import { formatId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents, type NewEvent } from '../../platform/events/append.ts'
import { moneyJson } from '../../platform/http/schemas.ts'
import {
  insertAccounts,
  insertEntries,
  updateAccounts,
  type EntryReason,
  type NewAccount,
  type NewEntry,
} from './stored-value.sql.ts'
import { formatAccountId, type ValueAccountId, type ValueAccountRow, type ValueKind } from './value-account.ts'

/** An act on an account, `amountMinor` above zero except of an adjustment downwards. */
export interface Posting {
  readonly accountId: ValueAccountId
  readonly reason: EntryReason
  readonly amountMinor: bigint
  readonly tenderId?: Id<'tender'>
  readonly commandId?: Id<'valueCommand'>
  /** Told by the event. */
  readonly orderId?: Id<'order'>
}

interface Running {
  readonly id: ValueAccountId
  readonly kind: ValueKind
  readonly currency: CurrencyCode
  readonly fresh: NewAccount | null
  balanceMinor: bigint
  reservedMinor: bigint
  expiredAt: Instant | null
  version: number
}

/** How an entry moves the balance and what is reserved of it, in amounts. */
const deltas = {
  issued: [1n, 0n],
  reserved: [0n, 1n],
  posted: [-1n, -1n],
  released: [0n, -1n],
  refunded: [1n, 0n],
  adjusted: [1n, 0n],
  expired: [-1n, 0n],
} as const satisfies Record<EntryReason, readonly [bigint, bigint]>

/** What the outside is told of; a reservation is told once it is posted. */
const events: Readonly<Partial<Record<EntryReason, string>>> = {
  issued: 'issued',
  posted: 'redeemed',
  refunded: 'refunded',
  adjusted: 'adjusted',
  expired: 'expired',
}

/**
 * The accounts that a transaction has locked, and everything it does to them: added up in memory, written with one
 * statement a table. The ledger is append-only; balances are what it adds up to.
 */
export class ValueLedger {
  readonly #running: Map<ValueAccountId, Running>
  readonly #entries: NewEntry[] = []
  readonly #events: NewEvent[] = []
  readonly #at: Instant

  constructor({ at }: Pick<Tx, 'at'>, locked: readonly ValueAccountRow[]) {
    this.#at = at
    this.#running = new Map(
      locked.map(({ id, kind, currency, balance_minor, reserved_minor, expired_at, version }) => [
        id,
        {
          id,
          kind,
          currency,
          fresh: null,
          balanceMinor: balance_minor,
          reservedMinor: reserved_minor,
          expiredAt: expired_at,
          version,
        },
      ]),
    )
  }

  /** A new account, which begins with something on it. */
  open(fresh: NewAccount, issued: { readonly amountMinor: bigint; readonly commandId?: Id<'valueCommand'> }): void {
    const { id, kind, currency } = fresh
    this.#running.set(id, {
      id,
      kind,
      currency,
      fresh,
      balanceMinor: 0n,
      reservedMinor: 0n,
      expiredAt: null,
      version: 0,
    })
    const orderId = fresh.sold?.orderId
    this.post({ accountId: id, reason: 'issued', ...issued, ...(orderId === undefined ? {} : { orderId }) })
  }

  post({ accountId, reason, amountMinor, tenderId, commandId, orderId }: Posting): void {
    const account = must(this.#running.get(accountId), 'an account that is locked or new')
    const [ofBalance, ofReserved] = deltas[reason]
    const balanceDelta = ofBalance * amountMinor
    const reservedDelta = ofReserved * amountMinor
    account.balanceMinor += balanceDelta
    account.reservedMinor += reservedDelta
    invariant(
      account.reservedMinor >= 0n && account.reservedMinor <= account.balanceMinor,
      `${reason} leaves account ${accountId} within its balance`,
    )
    if (reason === 'expired') account.expiredAt = this.#at
    this.#entries.push({
      accountId,
      reason,
      balanceDelta,
      reservedDelta,
      tenderId: tenderId ?? null,
      commandId: commandId ?? null,
    })
    const event = events[reason]
    if (event === undefined) return
    account.version += 1
    const { kind, currency, balanceMinor, reservedMinor, version } = account
    this.#events.push({
      type: `${kind}.${event}`,
      aggregateKind: kind,
      aggregateId: accountId,
      version,
      occurredAt: this.#at,
      data: {
        id: formatAccountId(account),
        amount: moneyJson({ minor: amountMinor, currency }),
        available: moneyJson({ minor: balanceMinor - reservedMinor, currency }),
        orderId: orderId === undefined ? null : formatId('order', orderId),
      },
    })
  }

  /** Marks an account as expired that has nothing to take back: all of it is reserved, or gone. */
  close(accountId: ValueAccountId): void {
    must(this.#running.get(accountId), 'a locked account').expiredAt = this.#at
  }

  write(tx: Tx): void {
    const accounts = [...this.#running.values()]
    const fresh = accounts.flatMap(({ fresh: account, balanceMinor, version }) =>
      account === null ? [] : [{ ...account, balanceMinor, version }],
    )
    const known = accounts.filter((account) => account.fresh === null)
    if (fresh.length > 0) insertAccounts(tx, fresh)
    if (known.length > 0) updateAccounts(tx, known)
    if (this.#entries.length > 0) insertEntries(tx, this.#entries)
    appendEvents(tx, this.#events)
  }
}
