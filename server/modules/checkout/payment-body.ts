import { Type, type Static } from 'typebox'
import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Db } from '../../platform/db.ts'
import { machineCode, PositiveMoneyJson, readMoney, strict } from '../../platform/http/index.ts'
import { hasUnprovedEmail } from '../customers/index.ts'
import type { Channel } from '../merchant/index.ts'
import { findGiftCard, findStoreCredit, type Payments, type TenderWish } from '../payments/index.ts'
import type { PlacementRefusal, ShopperPlacement } from './placement.ts'

const provider = {
  provider: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,39}$', examples: ['sandbox'] }),
  token: Type.String({
    minLength: 1,
    maxLength: 500,
    examples: ['tok_ok'],
    description: 'One-time token of the provider; never card data.',
  }),
}
const returnUrl = Type.Optional(
  Type.String({ format: 'uri', maxLength: 500, description: 'Where the provider sends the buyer back to.' }),
)
const amount = Type.Optional(PositiveMoneyJson)

/** One means of payment: a provider pays everything. */
export const PaymentToken = strict({ ...provider, returnUrl }, { title: 'PaymentToken' })

/** Gift cards a shopper may hold in hand, store credit, a provider: nobody needs more. */
const TENDERS_MAX = 12

const PaymentTenders = strict(
  {
    tenders: Type.Array(
      Type.Union([
        strict({
          kind: Type.Literal('gift_card'),
          code: machineCode(60, { examples: ['7HQ2KM-XW4TRD-9FCBPN'] }),
          amount,
        }),
        strict({ kind: Type.Literal('store_credit'), amount }),
        strict({ kind: Type.Literal('provider'), ...provider }),
      ]),
      {
        minItems: 1,
        maxItems: TENDERS_MAX,
        description:
          'In the order in which they pay, each its `amount` or as much as it can; a provider pays what is left, wherever it stands.',
      },
    ),
    returnUrl,
  },
  { title: 'PaymentTenders' },
)

/** How an order is to be paid. */
export const PaymentBody = Type.Union([PaymentToken, PaymentTenders])
type PaymentBody = Static<typeof PaymentBody>

export type ReadPayment =
  | {
      readonly kind: 'read'
      readonly payment: ShopperPlacement['payment']
      readonly tenders: readonly TenderWish[]
    }
  | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/**
 * Reads how a shopper wants to pay. Codes become accounts here, before anything is locked: from here on nobody sees
 * them. What the accounts hold is looked at under their locks.
 *
 * @param personId  who is signed in; null for a guest, who has no store credit
 */
export async function readPayment(
  { db, payments }: { readonly db: Db; readonly payments: Payments },
  body: PaymentBody | undefined,
  sale: { readonly channel: Channel; readonly currency: CurrencyCode; readonly personId: Id<'person'> | null },
): Promise<ReadPayment> {
  // The cart's own gift cards are to pay everything.
  if (body === undefined) return { kind: 'read', payment: null, tenders: [] }
  if (!('tenders' in body)) {
    const { provider: code, token } = body
    return { kind: 'read', payment: { provider: code, token, returnUrl: body.returnUrl }, tenders: [] }
  }
  const refuse = (refusal: PlacementRefusal): ReadPayment => ({ kind: 'refused', refusal })
  const tenders: TenderWish[] = []
  let payment: ShopperPlacement['payment'] = null
  for (const tender of body.tenders) {
    if (tender.kind === 'provider') {
      if (payment !== null) return refuse({ code: 'tender_twice' })
      payment = { provider: tender.provider, token: tender.token, returnUrl: body.returnUrl }
      continue
    }
    if (tender.amount !== undefined && tender.amount.currency !== sale.currency) {
      return refuse({ code: 'currency_unknown', currencies: [sale.currency] })
    }
    const account =
      tender.kind === 'gift_card'
        ? await findCard({ db, payments }, tender.code)
        : await findCredit(db, sale.personId, sale.channel.legalEntityId, sale.currency)
    if (account === null) {
      return refuse({ code: tender.kind === 'gift_card' ? 'gift_card_unknown' : 'customer_missing' })
    }
    // Whoever signed up first may have typed somebody else's e-mail, and the credit was meant for its owner.
    if (tender.kind === 'store_credit' && sale.personId !== null && (await hasUnprovedEmail(db, sale.personId))) {
      return refuse({ code: 'email_unproved' })
    }
    tenders.push({
      accountId: account.id,
      amountMinor: tender.amount === undefined ? null : readMoney(tender.amount).minor,
    })
  }
  return { kind: 'read', payment, tenders }
}

async function findCard({ db, payments }: { readonly db: Db; readonly payments: Payments }, typed: string) {
  const hashes = payments.codes.hashes(typed)
  return hashes === null ? null : findGiftCard(db, hashes)
}

async function findCredit(
  db: Db,
  personId: Id<'person'> | null,
  legalEntityId: Id<'legalEntity'>,
  currency: CurrencyCode,
) {
  return personId === null ? null : findStoreCredit(db, { personId, legalEntityId, currency })
}
