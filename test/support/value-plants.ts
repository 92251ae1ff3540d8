import type { Id } from '../../server/kernel/id.ts'

/** Orders of the audited shop that stored value pays a part of, and the card of each. */
export interface ValueScene {
  /** Accepted, the rest paid by a provider. */
  readonly shared: PaidByValue
  /** Awaits a payment after its card was declined. */
  readonly reserved: PaidByValue
  /** Cancelled after it was accepted. */
  readonly givenBack: PaidByValue
}

export interface PaidByValue {
  readonly id: Id<'order'>
  readonly accountId: Id<'giftCard'>
}

type PlantRow = readonly [what: string, plant: (all: ValueScene) => readonly string[], ...found: readonly string[]]

const PLANTED = '01990000-0000-7000-8000-000000000000'
const tenderOf = ({ id }: PaidByValue): string => `(select id from payments.value_tender where order_id = '${id}')`

function entry(
  { accountId }: PaidByValue,
  { reason, balance, tender = 'null' }: { readonly reason: string; readonly balance: number; readonly tender?: string },
): readonly string[] {
  return [
    `insert into payments.value_entry (account_id, reason, balance_delta, reserved_delta, tender_id, occurred_at)
     values ('${accountId}', '${reason}', ${balance}, 0, ${tender}, '2026-01-01')`,
    `update payments.value_account set balance_minor = balance_minor + ${balance} where id = '${accountId}'`,
  ]
}

/** What the predicates about stored value are there to find; each rolled back. */
export const valueRows: readonly PlantRow[] = [
  [
    'a gift card that is worth more than its entries say',
    ({ shared }) => [
      `update payments.value_account set balance_minor = balance_minor + 1 where id = '${shared.accountId}'`,
    ],
    'stored-value-is-the-sum-of-its-entries',
  ],
  [
    'less reserved than an order waits with',
    ({ reserved }) => [
      `update payments.value_account set reserved_minor = reserved_minor - 1 where id = '${reserved.accountId}'`,
    ],
    'stored-value-is-the-sum-of-its-entries',
    'reserved-value-stands-for-unpaid-orders',
  ],
  [
    'an accepted order whose value is still only reserved',
    ({ shared }) => [
      `update payments.value_tender set status = 'reserved', decided_at = null where order_id = '${shared.id}'`,
    ],
    'reserved-value-stands-for-unpaid-orders',
    'a-tender-takes-each-step-once',
    'posted-value-is-booked',
  ],
  [
    'value that a cancelled order never gave back',
    ({ givenBack }) => [`update payments.value_tender set refunded_minor = 0 where order_id = '${givenBack.id}'`],
    'reserved-value-stands-for-unpaid-orders',
    'a-tender-takes-each-step-once',
    'posted-value-is-booked',
  ],
  [
    'value given back that its tender does not know of',
    ({ shared }) => entry(shared, { reason: 'refunded', balance: 1, tender: tenderOf(shared) }),
    'a-tender-takes-each-step-once',
  ],
  [
    'a gift card that paid without a money fact',
    ({ shared }) => [`delete from payments.transaction where order_id = '${shared.id}' and provider = 'gift_card'`],
    'posted-value-is-booked',
    'accepted-orders-are-paid-in-full',
  ],
  [
    'an order opened on a cent less than it costs',
    ({ shared }) => [
      `update payments.transaction set amount_minor = amount_minor - 1
        where order_id = '${shared.id}' and kind = 'authorisation'`,
    ],
    'accepted-orders-are-paid-in-full',
  ],
  [
    'a correction that nobody made',
    ({ shared }) => entry(shared, { reason: 'adjusted', balance: 1 }),
    'adjusted-value-has-an-actor',
  ],
  [
    'a card of a unit that was never delivered',
    ({ shared }) => [
      `insert into payments.value_account
         (id, kind, legal_entity_id, currency, balance_minor, code_hash, code_last4, sold_order_id, sold_demand_id,
          sold_unit, version, created_at)
       select '${PLANTED}', 'gift_card', legal_entity_id, currency, 0, sha256('planted'), 'PLAN', '${shared.id}',
              (select id from orders.demand_line where order_id = '${shared.id}'), 1, 0, '2026-01-01'
         from payments.value_account where id = '${shared.accountId}'`,
    ],
    'sold-gift-cards-were-delivered-once',
  ],
  [
    'a tender in euro on an order in dollars',
    ({ shared }) => [`update payments.value_tender set currency = 'EUR' where order_id = '${shared.id}'`],
    'an-order-has-one-currency',
  ],
  [
    'more reserved of cards together than the order costs',
    ({ reserved }) => [
      `update payments.value_tender set amount_minor = 900000 where order_id = '${reserved.id}'`,
      `update payments.value_entry set reserved_delta = 900000 where tender_id = ${tenderOf(reserved)}`,
      `update payments.value_account set balance_minor = 900000, reserved_minor = 900000
        where id = '${reserved.accountId}'`,
      `update payments.value_entry set balance_delta = 900000 where account_id = '${reserved.accountId}' and reason = 'issued'`,
    ],
    'open-authorisations-stay-within-the-order-total',
  ],
]
