import { Type } from 'typebox'
import { idJson, InstantJson, MoneyJson, Sku, strict } from '../../platform/http/index.ts'
import { availabilityStatuses, LOW_STOCK_UNITS_MAX, UNITS_SHOWN_MAX } from './decide-availability.ts'

const nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const status = Type.Enum([...availabilityStatuses], {
  description:
    `\`low_stock\`: at most ${LOW_STOCK_UNITS_MAX} are in stock. \`preorder\`: none is, but some come on a ` +
    'known date. `backorder`: sold ahead without a date, up to a limit.',
})
const quantity = Type.Union([Type.Integer({ minimum: 0, maximum: UNITS_SHOWN_MAX }), Type.Null()], {
  description: `Units that can be had in this way; ${UNITS_SHOWN_MAX} may be more. null where nobody counts.`,
})
const AvailabilityJson = strict({ status, quantity }, { title: 'Availability' })

const asOf = Type.String({ format: 'date-time', description: 'Everything that happened until then is in the answer.' })
const degraded = Type.Optional(Type.Literal(true, { description: 'Part of the answer is older than five seconds.' }))

const ShownVariant = strict(
  {
    id: idJson('variant'),
    sku: Sku,
    title: Type.String({ description: "Tells it from the product's other variants; empty when there are none." }),
    options: Type.Record(Type.String(), Type.String(), { examples: [{ size: 'M', colour: 'red' }] }),
    price: MoneyJson,
    availability: AvailabilityJson,
  },
  { title: 'ShownVariant' },
)

const shownProduct = {
  id: idJson('product'),
  handle: Type.String({ examples: ['merino-tee'] }),
  title: Type.String({ description: 'In the locale asked for, where there is one.' }),
  category: nullable('What `category` of the list asks for.'),
  brand: nullable('Whose it is.'),
  variants: Type.Array(ShownVariant, { minItems: 1, description: 'Those that have a price here.' }),
}
const ListedProduct = strict(shownProduct, { title: 'ListedProduct' })

export const ProductListJson = strict(
  {
    items: Type.Array(ListedProduct),
    nextCursor: nullable('null on the last page'),
    asOf,
    degraded,
  },
  { title: 'ProductList' },
)

export const ShownProductJson = strict(
  { ...shownProduct, description: Type.String(), asOf, degraded },
  { title: 'ShownProduct' },
)

const DeliveryOptionJson = strict(
  {
    id: Type.String({ description: 'To be sent as `deliveryOption` of a cart or order.' }),
    method: Type.Enum(['ship', 'pickup']),
    locationId: Type.Optional(idJson('location')),
    earliest: InstantJson,
    latest: InstantJson,
    price: MoneyJson,
  },
  { title: 'UnitDeliveryOption', description: 'How one unit could be delivered, were it ordered alone and now.' },
)

const units = Type.Integer({ minimum: 0, maximum: UNITS_SHOWN_MAX })

export const SkuDatesJson = strict(
  {
    sku: Sku,
    status,
    quantity,
    dates: Type.Array(
      strict({
        from: Type.Union([InstantJson, Type.Null()], { description: 'null: now.' }),
        quantity: units,
      }),
      { description: 'Cumulative, each with more than the one before. Empty where nobody counts.' },
    ),
    sellable: Type.Union([units, Type.Null()], {
      description: 'Units that can be ordered in all, those sold ahead without a date among them; null: any.',
    }),
    options: Type.Array(DeliveryOptionJson, { description: 'Cheapest first.' }),
    pickups: Type.Array(
      strict({
        locationId: idJson('location'),
        code: Type.String(),
        name: Type.String(),
        quantity: units,
        readyAt: InstantJson,
        today: Type.Boolean({ description: 'Whether it is ready on the day that it is at the place now.' }),
      }),
      { description: 'Nearest first.' },
    ),
    asOf,
    degraded,
  },
  { title: 'SkuAvailabilityByDate' },
)

export const AvailabilityListJson = strict(
  {
    items: Type.Array(
      strict(
        {
          sku: Sku,
          status,
          quantity,
          asOf,
          options: Type.Array(DeliveryOptionJson, { description: 'Cheapest first.' }),
        },
        { title: 'SkuAvailability' },
      ),
    ),
    unknownSkus: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'Asked for, but not sold in this channel and currency.',
      }),
    ),
    degraded,
  },
  { title: 'AvailabilityList' },
)
