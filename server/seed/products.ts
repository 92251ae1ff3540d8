import type { DemoBundle, DemoProduct } from './product-table.ts'
import { campProducts } from './products-camp.ts'
import { homeProducts } from './products-home.ts'
import { trailProducts } from './products-trail.ts'

export const products: readonly DemoProduct[] = [...campProducts, ...trailProducts, ...homeProducts]

export const bundles: readonly DemoBundle[] = [
  {
    sku: 'BD-WEEKEND',
    handle: 'weekend-for-two',
    category: 'bundles',
    title: 'Weekend for Two',
    titleDe: 'Wochenende zu zweit',
    description: 'The Ridgeline 2, two Tarn Five bags and two Cloudrest pads: all you need but the weather.',
    usd: 89900,
    eur: 89900,
    separable: true,
    components: [
      { sku: 'NF-RIDGE2-MOS', quantity: 1 },
      { sku: 'TF-SYN5-PIN', quantity: 2 },
      { sku: 'KW-PAD-REGULAR', quantity: 2 },
    ],
  },
  {
    sku: 'BD-POUROVER',
    handle: 'pour-over-set',
    category: 'bundles',
    title: 'Pour-Over Set',
    titleDe: 'Filterkaffee-Set',
    description: 'Dripper, two enamel mugs and a bag of ground coffee in one box.',
    usd: 6900,
    eur: 6700,
    separable: false,
    components: [
      { sku: 'EA-DRIP', quantity: 1 },
      { sku: 'EA-MUG-BON', quantity: 2 },
      { sku: 'TC-COFFEE-GR', quantity: 1 },
    ],
  },
]
