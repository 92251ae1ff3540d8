import type { TaxService } from './ports.ts'
import { taxAmounts } from './price-tax.ts'

/** The merchant's own table of rates as a tax service: what holds when no other is bought. It is never away. */
export const ownTaxes: TaxService = {
  name: 'own',
  taxesOf: async ({ amounts, ...terms }) => ({ kind: 'taxed', taxesMinor: taxAmounts(amounts, terms) }),
}
