import type { CurrencyCode } from '../kernel/money.ts'
import type { Tx } from '../platform/db.ts'
import { createConfiguration, type ConfigurationKind, type NewConfiguration } from '../modules/merchant/index.ts'
import { derivedId } from './derived-id.ts'
import { calendars, channels, legalEntities, markets } from './merchant-data.ts'
import { expectSound, SEED_ACTOR, type SeedDeps } from './seed-deps.ts'
import { zones } from './zones.ts'

/** Carts for an hour, quotes for a quarter, half an hour to pay, a day to find out whether it was paid. */
const terms = {
  cartTtlS: 3_600,
  quoteTtlS: 900,
  claimsAt: 'order',
  paymentTtlS: 1_800,
  paymentCapS: 86_400,
  active: true,
} as const

export async function seedMerchant({ db }: SeedDeps): Promise<void> {
  await db.inTransaction(async (tx) => {
    for (const entity of legalEntities) {
      await create(tx, 'legalEntity', { ...entity, currency: entity.currency as CurrencyCode })
    }
    for (const market of markets) await create(tx, 'market', market)
    for (const { legalEntity, market, ...channel } of channels) {
      await create(tx, 'channel', {
        ...channel,
        ...terms,
        legalEntityId: derivedId('legalEntity', legalEntity),
        marketId: market === null ? null : derivedId('market', market),
        currency: channel.currency as CurrencyCode,
        currencies: channel.currencies as readonly string[] as readonly CurrencyCode[],
        taxIncludedExcept: channel.taxIncludedExcept as readonly string[] as readonly CurrencyCode[],
      })
    }
    for (const calendar of calendars) await create(tx, 'calendar', calendar)
    for (const { rates: _pricing, ...zone } of zones) await create(tx, 'zone', zone)
  })
}

/** A row whose code is taken was made by an earlier seeding. */
async function create<Kind extends ConfigurationKind>(
  tx: Tx,
  kind: Kind,
  fields: NewConfiguration<Kind> & { readonly code: string },
): Promise<void> {
  const row = { ...fields, id: derivedId(kind, fields.code) }
  const outcome = await createConfiguration(tx, { actor: SEED_ACTOR, kind, fields: row })
  const isThere = outcome.kind === 'created' || outcome.refusal.code === 'code_taken'
  expectSound(isThere, `${kind} ${fields.code}`, outcome)
}
