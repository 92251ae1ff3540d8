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

const Values = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
  description: 'By code of the attribute.',
})
const ShownMedia = strict(
  {
    url: Type.Optional(Type.String()),
    ref: Type.Optional(Type.String({ description: 'The id under which a CMS keeps it.' })),
    role: Type.String({ description: '`main`, `gallery`, `swatch`, `video` or `manual`.' }),
    alt: Type.String({ description: 'What it shows; empty when nobody wrote it down.' }),
    widthPx: Type.Optional(Type.Integer()),
    heightPx: Type.Optional(Type.Integer()),
    skus: Type.Optional(Type.Array(Type.String(), { description: 'Of the variants it shows; absent: of all.' })),
  },
  { title: 'ShownMedia' },
)
const shownCategory = {
  code: Type.String({ description: 'What `category` of the list asks for, as does the handle.' }),
  handle: Type.String(),
  name: Type.String(),
}
const ShownCategory = strict(shownCategory, { title: 'ShownCategory' })
const namedAttribute = {
  code: Type.String(),
  name: Type.String(),
  type: Type.String({ description: '`text`, `number`, `boolean` or `choice`.' }),
  unit: nullable('Of a number.'),
}

const ShownVariant = strict(
  {
    id: idJson('variant'),
    sku: Sku,
    title: Type.String({ description: "Tells it from the product's other variants; empty when there are none." }),
    options: Type.Record(Type.String(), Type.String(), { examples: [{ size: 'M', colour: 'red' }] }),
    attributes: Values,
    price: MoneyJson,
    availability: AvailabilityJson,
  },
  { title: 'ShownVariant' },
)

const shownProduct = {
  id: idJson('product'),
  handle: Type.String({ examples: ['merino-tee'], description: 'In the locale asked for, where there is one.' }),
  title: Type.String({ description: 'In the locale asked for, where there is one.' }),
  category: nullable('The main one of `categories`.'),
  categories: Type.Array(Type.String(), { description: 'Codes; what `category` of the list asks for.' }),
  brand: nullable('Whose it is.'),
  image: Type.Union([ShownMedia, Type.Null()], { description: 'The main picture.' }),
  variants: Type.Array(ShownVariant, { minItems: 1, description: 'Those that have a price here.' }),
}
const ListedProduct = strict(shownProduct, { title: 'ListedProduct' })

const count = Type.Integer({ minimum: 0, description: 'Products.' })
const FacetsJson = strict(
  {
    matched: Type.Integer({ description: 'Products that were counted, whatever their price and availability.' }),
    isCapped: Type.Boolean({ description: 'Whether there are more than were counted.' }),
    categories: Type.Array(strict({ ...shownCategory, count }), { description: 'Also of those below each.' }),
    brands: Type.Array(strict({ value: Type.String(), count }), { description: 'Most products first.' }),
    attributes: Type.Array(
      strict({
        ...namedAttribute,
        values: Type.Array(strict({ value: Type.String(), label: Type.String(), count })),
        from: Type.Optional(Type.Number({ description: 'The smallest value of a number.' })),
        to: Type.Optional(Type.Number({ description: 'The largest value of a number.' })),
      }),
    ),
  },
  {
    title: 'Facets',
    description: 'What the list could be narrowed by. A filter does not narrow the counts of its own values.',
  },
)

export const ProductListJson = strict(
  {
    items: Type.Array(ListedProduct),
    nextCursor: nullable('null on the last page'),
    facets: Type.Optional(FacetsJson),
    asOf,
    degraded,
  },
  { title: 'ProductList' },
)

export const ShownProductJson = strict(
  {
    ...shownProduct,
    description: Type.String(),
    media: Type.Array(ShownMedia),
    content: Type.Array(
      strict({
        system: Type.String(),
        ref: Type.String(),
        role: Type.String(),
        locale: Type.Optional(Type.String()),
      }),
      { description: 'Where a CMS keeps texts about it.' },
    ),
    attributes: Type.Array(
      strict({
        ...namedAttribute,
        value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
        label: nullable('As a page writes it; null of what is or is not so.'),
      }),
    ),
    breadcrumbs: Type.Array(Type.Array(ShownCategory), { description: 'From the root, one trail a category.' }),
    alternates: Type.Array(strict({ hreflang: Type.String(), handle: Type.String() }), {
      description: 'The same page in other languages, for `<link rel="alternate">`.',
    }),
    structuredData: Type.Record(Type.String(), Type.Unknown(), {
      description: 'schema.org JSON-LD: Product or ProductGroup with offers, to be put into the page as it is.',
    }),
    asOf,
    degraded,
  },
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

export const CategoryTreeJson = strict(
  {
    items: Type.Array(
      strict({
        ...shownCategory,
        id: idJson('category'),
        parent: nullable('The code of the one above it; null at the top.'),
        level: Type.Integer({ minimum: 0, description: '0 at the top.' }),
        alternates: Type.Array(strict({ hreflang: Type.String(), handle: Type.String() })),
      }),
      { description: 'Parents before what is below them, siblings in order.' },
    ),
    nextCursor: Type.Null(),
  },
  { title: 'CategoryTree' },
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
      description: 'Units that can be ordered in all, those sold ahead of any goods among them; null: any.',
    }),
    backorder: Type.Union(
      [
        strict({
          quantity: units,
          leadDays: Type.Integer({ description: 'Days from the sale until the last of them is in hand.' }),
        }),
        Type.Null(),
      ],
      { description: 'What is sold ahead of any goods; null: nothing.' },
    ),
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
