import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { TenderStatus, ValueAccountId, ValueAccountRow, ValueKind, ValueTenderRow } from './value-account.ts'

const accountColumns = `id, kind, legal_entity_id, currency, balance_minor, reserved_minor, blocked, expires_at, expired_at,
  code_last4, code_shown_at, sold_order_id, sold_demand_id, person_id, version, created_at`

/** Locks accounts in id order, after SKU gates and before number series, and answers what they are under the lock. */
export function lockAccounts(tx: Tx, ids: readonly ValueAccountId[]): Promise<ValueAccountRow[]> {
  return tx.rows({
    name: 'payments.lock_accounts',
    text: `select ${accountColumns} from payments.value_account where id = any($1::uuid[]) order by id for update`,
    values: [plainArray(ids)],
  })
}

/** Locks the accounts that orders are paid from; the caller holds the orders' locks, so their tenders stand still. */
export function lockAccountsOfOrders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<ValueAccountRow[]> {
  return tx.rows({
    name: 'payments.lock_accounts_of_orders',
    text: `select ${accountColumns} from payments.value_account
            where id in (select account_id from payments.value_tender
                          where order_id = any($1::uuid[]) and status <> 'released')
            order by id for update`,
    values: [plainArray(orderIds)],
  })
}

export function readAccounts(source: Queryable, ids: readonly ValueAccountId[]): Promise<ValueAccountRow[]> {
  return source.rows({
    name: 'payments.read_accounts',
    text: `select ${accountColumns} from payments.value_account where id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

/** Found by any of the hashes its code may be kept under. */
export async function findGiftCard(source: Queryable, hashes: readonly Buffer[]): Promise<ValueAccountRow | null> {
  const [row] = await source.rows<ValueAccountRow>({
    name: 'payments.find_gift_card',
    text: `select ${accountColumns} from payments.value_account where kind = 'gift_card' and code_hash = any($1::bytea[])`,
    values: [hashes],
  })
  return row ?? null
}

/** Cards that orders sold, in the order of their units. */
export function readSoldCards(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<ValueAccountRow[]> {
  return source.rows({
    name: 'payments.read_sold_cards',
    text: `select ${accountColumns} from payments.value_account
            where sold_order_id = any($1::uuid[]) and sold_unit is not null order by sold_demand_id, sold_unit`,
    values: [plainArray(orderIds)],
  })
}

/** The store credit of a customer with one seller in one currency. */
export async function findStoreCredit(
  source: Queryable,
  { personId, legalEntityId, currency }: StoreCreditOwner,
): Promise<ValueAccountRow | null> {
  const [row] = await source.rows<ValueAccountRow>({
    name: 'payments.find_store_credit',
    text: `select ${accountColumns} from payments.value_account
            where kind = 'store_credit' and person_id = $1 and legal_entity_id = $2 and currency = $3`,
    values: [personId, legalEntityId, currency],
  })
  return row ?? null
}

export interface StoreCreditOwner {
  readonly personId: Id<'person'>
  readonly legalEntityId: Id<'legalEntity'>
  readonly currency: CurrencyCode
}

/** Makes a customer's empty account, unless there is one; waits for a transaction that is just making it. */
export async function ensureStoreCredit(
  tx: Tx,
  id: Id<'storeCredit'>,
  { personId, legalEntityId, currency }: StoreCreditOwner,
): Promise<void> {
  await tx.execute({
    name: 'payments.ensure_store_credit',
    text: `insert into payments.value_account
             (id, kind, legal_entity_id, currency, balance_minor, person_id, version, created_at)
           values ($1, 'store_credit', $2, $3, 0, $4, 0, $5)
               on conflict (person_id, legal_entity_id, currency) where kind = 'store_credit' do nothing`,
    values: [id, legalEntityId, currency, personId, new Date(tx.at)],
  })
}

/** Newest first: ids grow with time. */
export function listAccounts(
  source: Queryable,
  {
    kind,
    last4,
    personId,
  }: {
    readonly kind: ValueKind
    readonly last4: string | null
    readonly personId: Id<'person'> | null
  },
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<ValueAccountRow[]> {
  return source.rows({
    name: 'payments.list_accounts',
    text: `select ${accountColumns} from payments.value_account
            where kind = $1 and ($2::text is null or code_last4 = $2) and ($3::uuid is null or person_id = $3)
              and ($4::uuid is null or id < $4)
            order by id desc limit $5`,
    values: [kind, last4, personId, before, limit],
  })
}

export interface ValueEntryRow {
  readonly id: bigint
  readonly reason: EntryReason
  readonly balance_delta: bigint
  readonly reserved_delta: bigint
  readonly order_id: Id<'order'> | null
  readonly occurred_at: Instant
  readonly recorded_at: Instant
}

/** Newest first. */
export function listEntries(
  source: Queryable,
  accountId: ValueAccountId,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<ValueEntryRow[]> {
  return source.rows({
    name: 'payments.list_value_entries',
    text: `select entry.id, reason, balance_delta, reserved_delta, tender.order_id, occurred_at, recorded_at
             from payments.value_entry as entry
             left join payments.value_tender as tender on tender.id = entry.tender_id
            where entry.account_id = $1 and ($2::bigint is null or entry.id < $2)
            order by entry.id desc limit $3`,
    values: [accountId, before, limit],
  })
}

export interface NewAccount {
  readonly id: ValueAccountId
  readonly kind: ValueKind
  readonly legalEntityId: Id<'legalEntity'>
  readonly currency: CurrencyCode
  readonly expiresAt: Instant | null
  readonly code: {
    readonly hash: Buffer
    readonly last4: string
    readonly sealed: Buffer
    readonly keyVersion: number
  } | null
  readonly sold: SoldUnit | null
  readonly personId: Id<'person'> | null
}

/** The unit of a demand line that a card is. */
export interface SoldUnit {
  readonly orderId: Id<'order'>
  readonly demandId: Id<'demandLine'>
  /** Counts from 1. */
  readonly unit: number
}

/** @param balances  of each account, with the number of its events */
export function insertAccounts(
  tx: Tx,
  accounts: readonly (NewAccount & { readonly balanceMinor: bigint; readonly version: number })[],
): void {
  tx.send({
    name: 'payments.insert_accounts',
    text: `insert into payments.value_account
             (id, kind, legal_entity_id, currency, balance_minor, expires_at, code_hash, code_last4, code_sealed,
              code_key_version, sold_order_id, sold_demand_id, sold_unit, person_id, version, created_at)
           select account.*, $16::timestamptz
             from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::timestamptz[], $7::bytea[],
                         $8::text[], $9::bytea[], $10::int[], $11::uuid[], $12::uuid[], $13::int[], $14::uuid[],
                         $15::int[]) as account`,
    values: [
      plainArray(accounts.map(({ id }) => id)),
      plainArray(accounts.map(({ kind }) => kind)),
      plainArray(accounts.map(({ legalEntityId }) => legalEntityId)),
      plainArray(accounts.map(({ currency }) => currency)),
      plainArray(accounts.map(({ balanceMinor }) => balanceMinor)),
      instantArray(accounts.map(({ expiresAt }) => expiresAt)),
      accounts.map(({ code }) => code?.hash ?? null),
      plainArray(accounts.map(({ code }) => code?.last4 ?? null)),
      accounts.map(({ code }) => code?.sealed ?? null),
      plainArray(accounts.map(({ code }) => code?.keyVersion ?? null)),
      plainArray(accounts.map(({ sold }) => sold?.orderId ?? null)),
      plainArray(accounts.map(({ sold }) => sold?.demandId ?? null)),
      plainArray(accounts.map(({ sold }) => sold?.unit ?? null)),
      plainArray(accounts.map(({ personId }) => personId)),
      plainArray(accounts.map(({ version }) => version)),
      new Date(tx.at),
    ],
  })
}

/** What the ledger adds up to, under the accounts' locks; the table refuses what would be spent twice. */
export function updateAccounts(
  tx: Tx,
  accounts: readonly {
    readonly id: ValueAccountId
    readonly balanceMinor: bigint
    readonly reservedMinor: bigint
    readonly expiredAt: Instant | null
    readonly version: number
  }[],
): void {
  tx.send({
    name: 'payments.update_accounts',
    text: `update payments.value_account as stored
              set balance_minor = changed.balance_minor, reserved_minor = changed.reserved_minor,
                  expired_at = changed.expired_at, version = changed.version
             from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::int[])
                  as changed (id, balance_minor, reserved_minor, expired_at, version)
            where stored.id = changed.id`,
    values: [
      plainArray(accounts.map(({ id }) => id)),
      plainArray(accounts.map(({ balanceMinor }) => balanceMinor)),
      plainArray(accounts.map(({ reservedMinor }) => reservedMinor)),
      instantArray(accounts.map(({ expiredAt }) => expiredAt)),
      plainArray(accounts.map(({ version }) => version)),
    ],
  })
}

export type EntryReason = 'issued' | 'reserved' | 'posted' | 'released' | 'refunded' | 'adjusted' | 'expired'

export interface NewEntry {
  readonly accountId: ValueAccountId
  readonly reason: EntryReason
  readonly balanceDelta: bigint
  readonly reservedDelta: bigint
  readonly tenderId: Id<'tender'> | null
  readonly commandId: Id<'valueCommand'> | null
}

export function insertEntries(tx: Tx, entries: readonly NewEntry[]): void {
  tx.send({
    name: 'payments.insert_value_entries',
    text: `insert into payments.value_entry
             (account_id, reason, balance_delta, reserved_delta, tender_id, command_id, occurred_at)
           select entry.*, $7::timestamptz
             from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::uuid[], $6::uuid[]) as entry`,
    values: [
      plainArray(entries.map(({ accountId }) => accountId)),
      plainArray(entries.map(({ reason }) => reason)),
      plainArray(entries.map(({ balanceDelta }) => balanceDelta)),
      plainArray(entries.map(({ reservedDelta }) => reservedDelta)),
      plainArray(entries.map(({ tenderId }) => tenderId)),
      plainArray(entries.map(({ commandId }) => commandId)),
      new Date(tx.at),
    ],
  })
}

export interface NewTender {
  readonly id: Id<'tender'>
  readonly orderId: Id<'order'>
  readonly tender: number
  readonly accountId: ValueAccountId
  readonly kind: ValueKind
  readonly amountMinor: bigint
  readonly currency: CurrencyCode
  readonly status: 'reserved' | 'posted'
}

export function insertTenders(tx: Tx, tenders: readonly NewTender[]): void {
  tx.send({
    name: 'payments.insert_tenders',
    text: `insert into payments.value_tender
             (id, order_id, tender, account_id, amount_minor, currency, status, created_at, decided_at)
           select tender.*, $8::timestamptz, case when status = 'posted' then $8::timestamptz end
             from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::bigint[], $6::text[], $7::text[])
                  as tender (id, order_id, tender, account_id, amount_minor, currency, status)`,
    values: [
      plainArray(tenders.map(({ id }) => id)),
      plainArray(tenders.map(({ orderId }) => orderId)),
      plainArray(tenders.map(({ tender }) => tender)),
      plainArray(tenders.map(({ accountId }) => accountId)),
      plainArray(tenders.map(({ amountMinor }) => amountMinor)),
      plainArray(tenders.map(({ currency }) => currency)),
      plainArray(tenders.map(({ status }) => status)),
      new Date(tx.at),
    ],
  })
}

/** What orders are paid with besides a provider, in the order of their tenders. */
export function readTenders(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<ValueTenderRow[]> {
  return source.rows({
    name: 'payments.read_tenders',
    text: `select tender.id, order_id, tender, account_id, amount_minor, tender.currency, status, refunded_minor,
                  tender.created_at, account.kind, account.code_last4
             from payments.value_tender as tender
             join payments.value_account as account on account.id = tender.account_id
            where order_id = any($1::uuid[]) order by order_id, tender`,
    values: [plainArray(orderIds)],
  })
}

/** Ends reservations, guarded by the status they leave. @returns how many were still reserved */
export function decideTenderRows(
  tx: Tx,
  tenderIds: readonly Id<'tender'>[],
  status: Exclude<TenderStatus, 'reserved'>,
): Promise<number> {
  return tx.execute({
    name: 'payments.decide_tenders',
    text: `update payments.value_tender set status = $2, decided_at = $3
            where id = any($1::uuid[]) and status = 'reserved'`,
    values: [plainArray(tenderIds), status, new Date(tx.at)],
  })
}

/** Gives back of posted tenders; the table refuses more than was paid. */
export function refundTenderRows(
  tx: Tx,
  refunds: readonly { readonly tenderId: Id<'tender'>; readonly amountMinor: bigint }[],
): void {
  tx.send({
    name: 'payments.refund_tenders',
    text: `update payments.value_tender as stored set refunded_minor = refunded_minor + refund.amount_minor
             from unnest($1::uuid[], $2::bigint[]) as refund (id, amount_minor)
            where stored.id = refund.id`,
    values: [
      plainArray(refunds.map(({ tenderId }) => tenderId)),
      plainArray(refunds.map(({ amountMinor }) => amountMinor)),
    ],
  })
}

/** Blocks, unblocks or gives another expiry; value taken back by an earlier expiry stays taken back. */
export function changeAccount(tx: Tx, { id, blocked, expires_at, expired_at, version }: ValueAccountRow): void {
  tx.send({
    name: 'payments.change_account',
    text: `update payments.value_account set blocked = $2, expires_at = $3, expired_at = $4, version = $5 where id = $1`,
    values: [
      id,
      blocked,
      expires_at === null ? null : new Date(expires_at),
      expired_at === null ? null : new Date(expired_at),
      version,
    ],
  })
}

/** Accounts whose time is over and of which nothing was taken back yet; in id order, as everybody locks them. */
export function lockOverdueAccounts(tx: Tx, limit: number): Promise<ValueAccountRow[]> {
  return tx.rows({
    name: 'payments.lock_overdue_accounts',
    text: `select ${accountColumns} from payments.value_account
            where id in (select id from payments.value_account where expired_at is null and expires_at <= $1
                          order by expires_at limit $2)
              and expired_at is null and expires_at <= $1
            order by id for update skip locked`,
    values: [new Date(tx.at), limit],
  })
}

export interface KeptCodeRow {
  readonly id: Id<'giftCard'>
  readonly code_sealed: Buffer | null
  readonly code_key_version: number | null
  readonly code_shown_at: Instant | null
}

/** The encrypted codes of cards, as far as they are still kept. */
export function readKeptCodes(source: Queryable, ids: readonly Id<'giftCard'>[]): Promise<KeptCodeRow[]> {
  return source.rows({
    name: 'payments.read_kept_codes',
    text: `select id, code_sealed, code_key_version, code_shown_at from payments.value_account where id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

/** By wall time: how long a code is kept after it was shown is no matter of business. @returns 0: it was shown before */
export function markShown(tx: Tx, id: Id<'giftCard'>): Promise<number> {
  return tx.execute({
    name: 'payments.mark_shown',
    text: 'update payments.value_account set code_shown_at = $2 where id = $1 and code_shown_at is null',
    values: [id, new Date(tx.wallAt)],
  })
}

/** Forgets codes that were shown before `shownBefore`. @returns how many; a full batch means there may be more */
export function forgetCodes(tx: Tx, shownBefore: Instant, limit: number): Promise<number> {
  return tx.execute({
    name: 'payments.forget_codes',
    text: `update payments.value_account set code_sealed = null, code_key_version = null
            where id in (select id from payments.value_account
                          where code_sealed is not null and code_shown_at < $1
                          order by code_shown_at limit $2 for update skip locked)`,
    values: [new Date(shownBefore), limit],
  })
}
