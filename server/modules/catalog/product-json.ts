import { Type, type Static, type TSchema } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import { idJson, InstantJson, line, machineCode, Quantity, Sku, strict, text } from '../../platform/http/index.ts'
import type { Channel } from '../merchant/index.ts'
import { VARIANTS_PER_PRODUCT_MAX, type RowError } from './decide-products.ts'
import { isStocked, variantKinds, type Product, type Variant } from './product.ts'

const COMPONENTS_MAX = 50
const CHANNELS_MAX = 200
const LOCALES_MAX = 100
const OPTIONS_MAX = 10
/** Ten tonnes, a hundred metres: beyond that somebody mistook the unit. */
const GRAMS_MAX = 10_000_000
const MILLIMETRES_MAX = 100_000

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Handle = Type.String({
  pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
  maxLength: 120,
  examples: ['merino-tee'],
  description: "The product's name in addresses of pages; unique, stays.",
})
export const TaxClass = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,39}$', examples: ['standard', 'reduced', 'exempt'] })
const ChannelCode = machineCode(40, { examples: ['web'] })
const Status = Type.Enum(['draft', 'active', 'archived'])
const VariantStatus = Type.Enum(['active', 'archived'])
const Kind = Type.Enum([...variantKinds])
const Titles = Type.Record(Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' }), line(300), {
  additionalProperties: false,
  maxProperties: LOCALES_MAX,
  examples: [{ de: 'Merino-Shirt' }],
  description: 'By locale, where it differs from `title`.',
})
const Options = Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9 _-]{0,39}$' }), line(100), {
  additionalProperties: false,
  maxProperties: OPTIONS_MAX,
  examples: [{ size: 'M', colour: 'red' }],
})
const Grams = Type.Integer({ minimum: 0, maximum: GRAMS_MAX, description: 'Grams.' })
const Millimetres = Type.Integer({ minimum: 0, maximum: MILLIMETRES_MAX, description: 'Millimetres.' })
const Component = strict({ sku: Sku, quantity: Quantity })

const measures = {
  barcode: nullable(machineCode(64)),
  weightGrams: nullable(Grams),
  lengthMm: nullable(Millimetres),
  widthMm: nullable(Millimetres),
  heightMm: nullable(Millimetres),
}

const VariantEdit = strict(
  {
    sku: Sku,
    title: Type.Optional(text(200)),
    kind: Type.Optional(Kind),
    status: Type.Optional(VariantStatus),
    barcode: Type.Optional(measures.barcode),
    weightGrams: Type.Optional(measures.weightGrams),
    lengthMm: Type.Optional(measures.lengthMm),
    widthMm: Type.Optional(measures.widthMm),
    heightMm: Type.Optional(measures.heightMm),
    options: Type.Optional(Options),
    separable: Type.Optional(Type.Boolean({ description: "Whether a bundle's components may be shipped apart." })),
    components: Type.Optional(
      Type.Array(Component, {
        maxItems: COMPONENTS_MAX,
        description: 'Of a bundle: what is in it. Replaces all components.',
      }),
    ),
  },
  { title: 'VariantEdit' },
)

const edits = {
  title: Type.Optional(line(300)),
  titles: Type.Optional(Titles),
  description: Type.Optional(text(20_000)),
  category: Type.Optional(nullable(line(120))),
  brand: Type.Optional(nullable(line(120))),
  status: Type.Optional(Status),
  taxClass: Type.Optional(TaxClass),
  contentRef: Type.Optional(
    nullable(machineCode(200, { description: 'The id under which a CMS keeps its pages and media.' })),
  ),
  channels: Type.Optional(
    nullable(
      Type.Array(ChannelCode, {
        maxItems: CHANNELS_MAX,
        description: 'Codes of the channels that offer it; null: every channel, also later ones.',
      }),
    ),
  ),
  variants: Type.Optional(
    Type.Array(VariantEdit, {
      maxItems: VARIANTS_PER_PRODUCT_MAX,
      description: 'Added or changed by SKU; variants that are not named stay.',
    }),
  ),
}

/** What is left out stays as it is. */
export const ProductEditBody = strict(edits, { title: 'ProductEdit' })
/** A row of a batch: added or changed by its handle. */
export const ProductRow = strict({ handle: Handle, ...edits }, { title: 'ProductRow' })
export const NewProductBody = strict(
  {
    ...ProductRow.properties,
    title: line(300),
    variants: Type.Array(VariantEdit, { minItems: 1, maxItems: VARIANTS_PER_PRODUCT_MAX }),
  },
  { title: 'NewProduct' },
)

const VariantJson = strict(
  {
    id: idJson('variant'),
    sku: Sku,
    title: Type.String(),
    kind: Kind,
    stocked: Type.Boolean(),
    status: VariantStatus,
    ...measures,
    options: Type.Record(Type.String(), Type.String()),
    separable: Type.Boolean(),
    components: Type.Array(Component),
  },
  { title: 'Variant' },
)

export const ProductJson = strict(
  {
    id: idJson('product'),
    handle: Handle,
    title: Type.String(),
    titles: Type.Record(Type.String(), Type.String()),
    description: Type.String(),
    category: nullable(Type.String()),
    brand: nullable(Type.String()),
    status: Status,
    taxClass: TaxClass,
    contentRef: nullable(Type.String()),
    channels: nullable(Type.Array(ChannelCode)),
    variants: Type.Array(VariantJson),
    version: Type.Integer({ minimum: 1 }),
    createdAt: InstantJson,
    updatedAt: InstantJson,
  },
  { title: 'Product' },
)

export const VariantListItem = strict(
  {
    id: idJson('variant'),
    productId: idJson('product'),
    sku: Sku,
    title: Type.String({ description: "The product's title and the variant's." }),
    kind: Kind,
    stocked: Type.Boolean(),
    status: VariantStatus,
    productStatus: Status,
  },
  { title: 'VariantListItem' },
)

/** `code` is `invalid` where the row is not what the schema says, else one of the codes of the operation. */
export const RowErrorJson = strict(
  { path: Type.String({ description: 'JSON pointer into the row.' }), code: Type.String(), message: Type.String() },
  { title: 'RowError' },
)
export type RowErrorJson = RowError | { readonly path: string; readonly code: 'invalid'; readonly message: string }

export const ProductResult = strict(
  {
    index: Type.Integer({ minimum: 0 }),
    status: Type.Enum(['created', 'updated', 'unchanged', 'error']),
    id: Type.Optional(idJson('product')),
    errors: Type.Optional(Type.Array(RowErrorJson)),
  },
  { title: 'ProductResult' },
)

export function productJson(
  product: Product,
  channelById: ReadonlyMap<Id<'channel'>, Channel>,
): Static<typeof ProductJson> {
  const { id, channelIds, variants, createdAt, updatedAt, ...rest } = product
  return {
    ...rest,
    id: formatId('product', id),
    channels:
      channelIds === null
        ? null
        : channelIds.map((channel) => must(channelById.get(channel), 'a channel of the assortment').code),
    variants: variants.map(variantJson),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
  }
}

function variantJson({ id, kind, components, ...rest }: Variant): Static<typeof VariantJson> {
  return {
    ...rest,
    id: formatId('variant', id),
    kind,
    stocked: isStocked(kind),
    components: components.map(({ sku, quantity }) => ({ sku, quantity })),
  }
}
