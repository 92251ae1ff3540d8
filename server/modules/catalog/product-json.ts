import { Type, type Static, type TSchema } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import {
  CountryCode,
  idJson,
  InstantJson,
  line,
  machineCode,
  Quantity,
  readId,
  readInstant,
  Sku,
  strict,
  text,
} from '../../platform/http/index.ts'
import type { Channel } from '../merchant/index.ts'
import type { AssortmentRule } from './assortment.ts'
import type { CatalogBook } from './book.ts'
import type { RuleEdit } from './check-details.ts'
import type { ProductEdit } from './decide-products.ts'
import { VARIANTS_PER_PRODUCT_MAX, type RowError } from './row-errors.ts'
import { isStocked, mediaRoles, variantKinds, type Product, type Variant } from './product.ts'

const COMPONENTS_MAX = 50
const CHANNELS_MAX = 200
const LOCALES_MAX = 100
const OPTIONS_MAX = 10
const CATEGORIES_MAX = 50
const ATTRIBUTES_MAX = 200
const MEDIA_MAX = 100
const CONTENT_MAX = 100
const RULES_MAX = 50
const COUNTRIES_MAX = 250
const REGIONS_MAX = 500
const PLACES_MAX = 200
const PIXELS_MAX = 100_000
/** Larger and smaller ones lose digits on their way through JSON. */
const NUMBER_MAX = 1e12
/** Ten tonnes, a hundred metres: beyond that somebody mistook the unit. */
const GRAMS_MAX = 10_000_000
const MILLIMETRES_MAX = 100_000

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
export const Handle = Type.String({
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
/** A locale as a key of texts: `de`, `de-AT`. */
export const LocaleKey = Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' })
export const TextsByLocale = Type.Record(LocaleKey, line(300), {
  additionalProperties: false,
  maxProperties: LOCALES_MAX,
  examples: [{ de: 'Merino-Shirt' }],
  description: 'By locale, where it differs.',
})
const LocalTexts = strict(
  { title: Type.Optional(line(300)), description: Type.Optional(text(20_000)), handle: Type.Optional(Handle) },
  { title: 'ProductTexts', minProperties: 1 },
)
const Texts = Type.Record(LocaleKey, LocalTexts, {
  additionalProperties: false,
  maxProperties: LOCALES_MAX,
  examples: [{ de: { title: 'Merino-Shirt', handle: 'merino-shirt' } }],
  description: "By locale, what differs from the product's own.",
})
const TextEdits = Type.Record(LocaleKey, nullable(LocalTexts), {
  additionalProperties: false,
  maxProperties: LOCALES_MAX,
  examples: [{ de: { title: 'Merino-Shirt', handle: 'merino-shirt' } }],
  description: 'By locale; one that is named is replaced, null takes it away, the others stay.',
})
const Code = Type.String({ pattern: '^[a-z0-9]+([-_][a-z0-9]+)*$', maxLength: 60, examples: ['tents'] })
const Categories = Type.Array(Code, {
  maxItems: CATEGORIES_MAX,
  uniqueItems: true,
  description: 'Codes, the main one first.',
})
const AttributeValue = Type.Union([
  line(500),
  Type.Number({ minimum: -NUMBER_MAX, maximum: NUMBER_MAX }),
  Type.Boolean(),
])
const AttributeKey = Type.String({ pattern: '^[a-z0-9]+([-_][a-z0-9]+)*$' })
const Attributes = Type.Record(AttributeKey, AttributeValue, {
  additionalProperties: false,
  maxProperties: ATTRIBUTES_MAX,
  description: 'By code of the attribute.',
})
const AttributeEdits = Type.Record(AttributeKey, nullable(AttributeValue), {
  additionalProperties: false,
  maxProperties: ATTRIBUTES_MAX,
  examples: [{ material: 'merino' }],
  description: 'By code of the attribute; null takes a value away, attributes that are not named stay.',
})
const Pixels = Type.Integer({ minimum: 1, maximum: PIXELS_MAX, description: 'Pixels.' })
const MediaJson = strict(
  {
    url: Type.Optional(machineCode(2_000, { examples: ['https://media.example.com/merino-tee.jpg'] })),
    ref: Type.Optional(machineCode(200, { description: 'The id under which a CMS keeps it.' })),
    role: Type.Enum([...mediaRoles]),
    alt: Type.Optional(TextsByLocale),
    widthPx: Type.Optional(Pixels),
    heightPx: Type.Optional(Pixels),
    skus: Type.Optional(
      Type.Array(Sku, { maxItems: VARIANTS_PER_PRODUCT_MAX, description: 'Of the variants it shows.' }),
    ),
  },
  { title: 'Media' },
)
const Media = Type.Array(MediaJson, {
  maxItems: MEDIA_MAX,
  description:
    'Pictures, films and documents where they lie: either at a `url` or under the `ref` of a CMS. Replaces all.',
})
const ContentJson = strict(
  {
    system: machineCode(60, { examples: ['contentful'] }),
    ref: machineCode(200, { description: 'The id under which the CMS keeps it.' }),
    role: machineCode(60, { examples: ['story'] }),
    locale: Type.Optional(LocaleKey),
  },
  { title: 'ContentReference' },
)
const Content = Type.Array(ContentJson, {
  maxItems: CONTENT_MAX,
  description: 'Where a CMS keeps texts about it. Replaces all.',
})
const Moment = Type.Optional(nullable(InstantJson))
const RuleJson = strict(
  {
    effect: Type.Enum(['offer', 'withhold']),
    channels: Type.Optional(Type.Array(machineCode(40), { maxItems: CHANNELS_MAX })),
    countries: Type.Optional(Type.Array(CountryCode, { maxItems: COUNTRIES_MAX })),
    regions: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Z]{2}-[A-Z0-9]{1,3}$', examples: ['US-CA'], description: 'ISO 3166-2' }), {
        maxItems: REGIONS_MAX,
      }),
    ),
    segments: Type.Optional(Type.Array(idJson('segment'), { maxItems: PLACES_MAX })),
    locations: Type.Optional(Type.Array(idJson('location'), { maxItems: PLACES_MAX })),
    from: Moment,
    until: Moment,
  },
  { title: 'AssortmentRule', description: 'Holds where everything it names holds.' },
)
const Rules = Type.Array(RuleJson, {
  maxItems: RULES_MAX,
  description:
    'To whom, where and when, within its channels: not where one withholds it, and where some offer it, only by these. ' +
    'Replaces all.',
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
    titles: Type.Optional(TextsByLocale),
    kind: Type.Optional(Kind),
    status: Type.Optional(VariantStatus),
    barcode: Type.Optional(measures.barcode),
    weightGrams: Type.Optional(measures.weightGrams),
    lengthMm: Type.Optional(measures.lengthMm),
    widthMm: Type.Optional(measures.widthMm),
    heightMm: Type.Optional(measures.heightMm),
    options: Type.Optional(Options),
    attributes: Type.Optional(AttributeEdits),
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
  texts: Type.Optional(TextEdits),
  description: Type.Optional(text(20_000)),
  categories: Type.Optional(Categories),
  brand: Type.Optional(nullable(line(120))),
  status: Type.Optional(Status),
  taxClass: Type.Optional(TaxClass),
  media: Type.Optional(Media),
  content: Type.Optional(Content),
  attributes: Type.Optional(AttributeEdits),
  rules: Type.Optional(Rules),
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
    titles: TextsByLocale,
    kind: Kind,
    stocked: Type.Boolean(),
    status: VariantStatus,
    ...measures,
    options: Type.Record(Type.String(), Type.String()),
    attributes: Attributes,
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
    texts: Texts,
    description: Type.String(),
    categories: Categories,
    brand: nullable(Type.String()),
    status: Status,
    taxClass: TaxClass,
    media: Media,
    content: Content,
    attributes: Attributes,
    rules: Rules,
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

/** What a product's JSON names by code. */
export interface ProductNeighbours {
  readonly channelById: ReadonlyMap<Id<'channel'>, Channel>
  readonly categoryById: CatalogBook['categoryById']
}

export function productJson(product: Product, neighbours: ProductNeighbours): Static<typeof ProductJson> {
  const { id, categoryIds, channelIds, rules, variants, media, content, createdAt, updatedAt, ...rest } = product
  const { channelById, categoryById } = neighbours
  return {
    ...rest,
    id: formatId('product', id),
    categories: categoryIds.map((category) => must(categoryById.get(category), 'a category of a product').code),
    media: media.map(({ skus, ...each }) => (skus === undefined ? each : { ...each, skus: [...skus] })),
    content: [...content],
    rules: rules.map((rule) => ruleJson(rule, neighbours)),
    channels:
      channelIds === null
        ? null
        : channelIds.map((channel) => must(channelById.get(channel), 'a channel of the assortment').code),
    variants: variants.map(variantJson),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
  }
}

function ruleJson(
  { effect, channelIds, countries, regions, segmentIds, locationIds, from, until }: AssortmentRule,
  { channelById }: ProductNeighbours,
): Static<typeof RuleJson> {
  const lists = {
    channels: channelIds.map((id) => must(channelById.get(id), 'a channel of a rule').code),
    countries: [...countries],
    regions: [...regions],
    segments: segmentIds.map((id) => formatId('segment', id)),
    locations: locationIds.map((id) => formatId('location', id)),
  }
  return {
    effect,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(from === null ? {} : { from: formatInstant(from) }),
    ...(until === null ? {} : { until: formatInstant(until) }),
  }
}

/** What a body that its schema has let through says; ids and times as the room has them. */
export function readProductEdit<Body extends Static<typeof ProductEditBody>>(
  body: Body,
): Omit<Body, 'rules' | 'media'> & Pick<ProductEdit, 'rules' | 'media'> {
  const { rules, media, ...rest } = body
  return {
    ...rest,
    ...(media === undefined ? {} : { media: media.map((each) => ({ ...each, alt: each.alt ?? {} })) }),
    ...(rules === undefined ? {} : { rules: rules.map(readRule) }),
  }
}

function readRule({ segments = [], locations = [], from, until, ...rule }: Static<typeof RuleJson>): RuleEdit {
  return {
    ...rule,
    segmentIds: segments.map((id) => readId('segment', id)),
    locationIds: locations.map((id) => readId('location', id)),
    from: from === undefined || from === null ? null : readInstant(from),
    until: until === undefined || until === null ? null : readInstant(until),
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
