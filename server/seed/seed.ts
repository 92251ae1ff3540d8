import { createDemoKeys, type DemoKeys } from './demo-keys.ts'
import { derivedId } from './derived-id.ts'
import { seedCatalog } from './seed-catalog.ts'
import { seedCustomers } from './seed-customers.ts'
import type { SeedDeps } from './seed-deps.ts'
import { seedMerchant } from './seed-merchant.ts'
import { seedNetwork } from './seed-network.ts'
import { seedPrices } from './seed-prices.ts'
import { seedStock } from './seed-stock.ts'

export type SeedOutcome = { readonly kind: 'seeded'; readonly keys: DemoKeys } | { readonly kind: 'not_empty' }

/**
 * Fills an empty database with a merchant who could exist, through the rooms' doors. Codes, SKUs, prices and stock are
 * the same every time; only the keys are not, because whoever reads this page would have them.
 *
 * A seeding that was interrupted goes on where it stopped: every step leaves alone what is there, and the keys, which
 * come last, tell that all of it is.
 *
 * @param onStep  told of each part before it is begun
 */
export async function seedDemo(
  { db, rooms }: SeedDeps,
  onStep: (step: string) => void = () => {},
): Promise<SeedOutcome> {
  const { rows } = await rooms.merchant.currentBook()
  const isEmpty = rows.legalEntity.length === 0
  const isOurs = rows.legalEntity.some(({ id }) => id === derivedId('legalEntity', 'us'))
  const [anyKey] = await rooms.identity.listApiKeys({ before: null, limit: 1 })
  if (!isEmpty && (!isOurs || anyKey !== undefined)) return { kind: 'not_empty' }

  onStep('merchant')
  await seedMerchant({ db, rooms })
  onStep('locations and delivery')
  await seedNetwork({ db, rooms })
  onStep('products')
  await seedCatalog({ db, rooms })
  onStep('prices and taxes')
  await seedPrices({ db, rooms })
  onStep('customers')
  await seedCustomers({ db, rooms })
  onStep('stock')
  await seedStock({ db, rooms })
  onStep('keys')
  return { kind: 'seeded', keys: await createDemoKeys({ db, rooms }) }
}
