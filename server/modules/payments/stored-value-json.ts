import { Type, type Static, type TSchema } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import { idJson, InstantJson, moneyJson, MoneyJson, SignedMoneyJson, strict } from '../../platform/http/index.ts'
import type { ValueEntryRow } from './stored-value.sql.ts'
import { formatAccountId, type ValueAccountRow } from './value-account.ts'

const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const worth = {
  balance: MoneyJson,
  /** Of the balance, held by orders that await payment. */
  reserved: MoneyJson,
  available: MoneyJson,
}

const giftCard = {
  id: idJson('giftCard'),
  version: Type.Integer(),
  last4: Type.String({ description: "The code's last four characters." }),
  legalEntityId: idJson('legalEntity'),
  ...worth,
  blocked: Type.Boolean(),
  expiresAt: nullable(InstantJson),
  orderId: Type.Union([idJson('order'), Type.Null()], { description: 'The order that bought it.' }),
  codeShown: Type.Boolean({ description: 'Whether somebody has seen the code; it is shown once.' }),
  createdAt: InstantJson,
}
export const GiftCardJson = strict(giftCard, { title: 'GiftCard' })

/** A code as it is shown: once, and to whoever repeats that request with its key. */
export const ShownCode = Type.Union([Type.String({ examples: ['7HQ2KM-XW4TRD-9FCBPN'] }), Type.Null()], {
  description: 'Null when a repeat comes more than a day late: the code is forgotten by then.',
})
export const IssuedGiftCardJson = strict({ ...giftCard, code: ShownCode }, { title: 'IssuedGiftCard' })

export function giftCardJson(row: ValueAccountRow): Static<typeof GiftCardJson> {
  return {
    id: formatAccountId(row),
    version: row.version,
    last4: must(row.code_last4, 'the end of a code'),
    legalEntityId: formatId('legalEntity', row.legal_entity_id),
    ...worthJson(row),
    blocked: row.blocked,
    expiresAt: row.expires_at === null ? null : formatInstant(row.expires_at),
    orderId: row.sold_order_id === null ? null : formatId('order', row.sold_order_id),
    codeShown: row.code_shown_at !== null,
    createdAt: formatInstant(row.created_at),
  }
}

export const StoreCreditJson = strict(
  {
    id: idJson('storeCredit'),
    customerId: idJson('person'),
    legalEntityId: idJson('legalEntity'),
    ...worth,
    createdAt: InstantJson,
  },
  { title: 'StoreCredit' },
)

export function storeCreditJson(row: ValueAccountRow): Static<typeof StoreCreditJson> {
  return {
    id: formatAccountId(row),
    customerId: formatId('person', must(row.person_id, 'whose credit it is')),
    legalEntityId: formatId('legalEntity', row.legal_entity_id),
    ...worthJson(row),
    createdAt: formatInstant(row.created_at),
  }
}

function worthJson({ balance_minor, reserved_minor, currency }: ValueAccountRow) {
  return {
    balance: moneyJson({ minor: balance_minor, currency }),
    reserved: moneyJson({ minor: reserved_minor, currency }),
    available: moneyJson({ minor: balance_minor - reserved_minor, currency }),
  }
}

export const ValueEntryJson = strict(
  {
    reason: Type.Enum(['issued', 'reserved', 'posted', 'released', 'refunded', 'adjusted', 'expired']),
    balanceChange: SignedMoneyJson,
    reservedChange: SignedMoneyJson,
    orderId: nullable(idJson('order')),
    occurredAt: InstantJson,
    recordedAt: InstantJson,
  },
  { title: 'ValueEntry' },
)

export function valueEntryJson(entry: ValueEntryRow, currency: CurrencyCode): Static<typeof ValueEntryJson> {
  return {
    reason: entry.reason,
    balanceChange: moneyJson({ minor: entry.balance_delta, currency }),
    reservedChange: moneyJson({ minor: entry.reserved_delta, currency }),
    orderId: entry.order_id === null ? null : formatId('order', entry.order_id),
    occurredAt: formatInstant(entry.occurred_at),
    recordedAt: formatInstant(entry.recorded_at),
  }
}
