import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Tx } from '../../platform/db.ts'
import { isStocked, type Product, type Variant } from './product.ts'

/**
 * Writes products whole, new or not, with their variants, components and assortment, and without waiting. Writers of
 * the catalog wait for each other on its revision and have just read what they replace. Nothing is ever deleted but what
 * is replaced whole, such as components and
 * assortment: what was sold stays known.
 */
export function putProducts(tx: Tx, products: readonly Product[], revision: bigint): void {
  if (products.length === 0) return
  putProductRows(tx, products, revision)
  putVariantRows(tx, products, revision)
  const bundles = products.flatMap(({ variants }) => variants.filter(({ kind }) => kind === 'bundle'))
  if (bundles.length > 0) replaceComponents(tx, bundles)
  replaceAssortment(tx, products)
  replaceRules(tx, products)
  replaceCategories(tx, products)
  addHandles(tx, products)
}

function putProductRows(tx: Tx, products: readonly Product[], revision: bigint): void {
  tx.send({
    name: 'catalog.put_products',
    text: `insert into catalog.product (id, handle, title, texts, description, media, content, attributes, brand,
                                        status, tax_class, every_channel, version, revision, created_at, updated_at)
           select id, handle, title, texts::jsonb, description, media::jsonb, content::jsonb, attributes::jsonb, brand,
                  status, tax_class, every_channel, version, $14::bigint, $15::timestamptz, $15::timestamptz
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::int[])
               as put (id, handle, title, texts, description, media, content, attributes, brand, status, tax_class,
                       every_channel, version)
           on conflict (id) do update
              set title = excluded.title, texts = excluded.texts, description = excluded.description,
                  media = excluded.media, content = excluded.content, attributes = excluded.attributes,
                  brand = excluded.brand, status = excluded.status, tax_class = excluded.tax_class,
                  every_channel = excluded.every_channel, version = excluded.version, revision = excluded.revision,
                  updated_at = excluded.updated_at`,
    values: [
      plainArray(products.map(({ id }) => id)),
      products.map(({ handle }) => handle),
      products.map(({ title }) => title),
      products.map(({ texts }) => JSON.stringify(texts)),
      products.map(({ description }) => description),
      products.map(({ media }) => JSON.stringify(media)),
      products.map(({ content }) => JSON.stringify(content)),
      products.map(({ attributes }) => JSON.stringify(attributes)),
      products.map(({ brand }) => brand),
      plainArray(products.map(({ status }) => status)),
      products.map(({ taxClass }) => taxClass),
      plainArray(products.map(({ channelIds }) => String(channelIds === null))),
      plainArray(products.map(({ version }) => version)),
      revision,
      formatInstant(tx.at),
    ],
  })
}

/** All variants of the products, so that each carries the revision of its product. */
function putVariantRows(tx: Tx, products: readonly Product[], revision: bigint): void {
  const rows = products.flatMap(({ id, variants }) =>
    variants.map((variant, position) => ({ productId: id, position, variant })),
  )
  const column = <Value>(of: (variant: Variant) => Value): Value[] => rows.map(({ variant }) => of(variant))
  tx.send({
    name: 'catalog.put_variants',
    text: `insert into catalog.variant (id, product_id, sku, title, titles, position, kind, stocked, status, barcode,
                                        weight_grams, length_mm, width_mm, height_mm, options, attributes, separable,
                                        revision)
           select id, product_id, sku, title, titles::jsonb, position, kind, stocked, status, barcode, weight_grams,
                  length_mm, width_mm, height_mm, options::jsonb, attributes::jsonb, separable, $18::bigint
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::boolean[],
                         $8::text[], $9::text[], $10::int[], $11::int[], $12::int[], $13::int[], $14::text[],
                         $15::boolean[], $16::text[], $17::text[])
               as put (id, product_id, sku, title, position, kind, stocked, status, barcode, weight_grams,
                       length_mm, width_mm, height_mm, options, separable, titles, attributes)
           on conflict (id) do update
              set title = excluded.title, titles = excluded.titles, attributes = excluded.attributes, position = excluded.position, status = excluded.status,
                  barcode = excluded.barcode, weight_grams = excluded.weight_grams, length_mm = excluded.length_mm,
                  width_mm = excluded.width_mm, height_mm = excluded.height_mm, options = excluded.options,
                  separable = excluded.separable, revision = excluded.revision`,
    values: [
      plainArray(column(({ id }) => id)),
      plainArray(rows.map(({ productId }) => productId)),
      column(({ sku }) => sku),
      column(({ title }) => title),
      plainArray(rows.map(({ position }) => position)),
      plainArray(column(({ kind }) => kind)),
      plainArray(column(({ kind }) => String(isStocked(kind)))),
      plainArray(column(({ status }) => status)),
      column(({ barcode }) => barcode),
      plainArray(column(({ weightGrams }) => weightGrams)),
      plainArray(column(({ lengthMm }) => lengthMm)),
      plainArray(column(({ widthMm }) => widthMm)),
      plainArray(column(({ heightMm }) => heightMm)),
      column(({ options }) => JSON.stringify(options)),
      plainArray(column(({ separable }) => String(separable))),
      column(({ titles }) => JSON.stringify(titles)),
      column(({ attributes }) => JSON.stringify(attributes)),
      revision,
    ],
  })
}

function replaceComponents(tx: Tx, bundles: readonly Variant[]): void {
  const rows = bundles.flatMap(({ id, components }) =>
    components.map(({ variantId, quantity }, position) => ({ bundleId: id, variantId, quantity, position })),
  )
  tx.send({
    name: 'catalog.delete_components',
    text: 'delete from catalog.bundle_component where bundle_id = any($1::uuid[])',
    values: [plainArray(bundles.map(({ id }) => id))],
  })
  tx.send({
    name: 'catalog.insert_components',
    text: `insert into catalog.bundle_component (bundle_id, component_id, quantity, position)
           select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[])`,
    values: [
      plainArray(rows.map(({ bundleId }) => bundleId)),
      plainArray(rows.map(({ variantId }) => variantId)),
      plainArray(rows.map(({ quantity }) => quantity)),
      plainArray(rows.map(({ position }) => position)),
    ],
  })
}

function replaceAssortment(tx: Tx, products: readonly Product[]): void {
  const rows = products.flatMap(({ id, channelIds }) => (channelIds ?? []).map((channelId) => ({ id, channelId })))
  tx.send({
    name: 'catalog.delete_assortment',
    text: 'delete from catalog.assortment where product_id = any($1::uuid[])',
    values: [plainArray(products.map(({ id }) => id))],
  })
  if (rows.length === 0) return
  tx.send({
    name: 'catalog.insert_assortment',
    text: `insert into catalog.assortment (channel_id, product_id) select * from unnest($1::uuid[], $2::uuid[])`,
    values: [plainArray(rows.map(({ channelId }) => channelId)), plainArray(rows.map(({ id }) => id))],
  })
}

function replaceRules(tx: Tx, products: readonly Product[]): void {
  const rows = products.flatMap(({ id, rules }) => rules.map((rule, position) => ({ id, position, ...rule })))
  tx.send({
    name: 'catalog.delete_rules',
    text: 'delete from catalog.assortment_rule where product_id = any($1::uuid[])',
    values: [plainArray(products.map(({ id }) => id))],
  })
  if (rows.length === 0) return
  const timestamp = (instant: Instant | null): string | null => (instant === null ? null : formatInstant(instant))
  tx.send({
    name: 'catalog.insert_rules',
    // Arrays of arrays would have to be equally long: each list travels as the text of its array.
    text: `insert into catalog.assortment_rule (product_id, position, effect, channel_ids, countries, regions,
                                                segment_ids, location_ids, valid_from, valid_until)
           select id, position, effect, channel_ids::uuid[], countries::text[], regions::text[], segment_ids::uuid[],
                  location_ids::uuid[], valid_from, valid_until
             from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::timestamptz[], $10::timestamptz[])
               as rule (id, position, effect, channel_ids, countries, regions, segment_ids, location_ids, valid_from,
                        valid_until)`,
    values: [
      plainArray(rows.map(({ id }) => id)),
      plainArray(rows.map(({ position }) => position)),
      plainArray(rows.map(({ effect }) => effect)),
      rows.map(({ channelIds }) => listText(channelIds)),
      rows.map(({ countries }) => listText(countries)),
      rows.map(({ regions }) => listText(regions)),
      rows.map(({ segmentIds }) => listText(segmentIds)),
      rows.map(({ locationIds }) => listText(locationIds)),
      rows.map(({ from }) => timestamp(from)),
      rows.map(({ until }) => timestamp(until)),
    ],
  })
}

/** Of ids and codes, which hold nothing that would have to be quoted. */
function listText(values: readonly string[]): string {
  return `{${values.join(',')}}`
}

function replaceCategories(tx: Tx, products: readonly Product[]): void {
  const rows = products.flatMap(({ id, title, categoryIds }) =>
    categoryIds.map((categoryId, position) => ({ id, title, categoryId, position })),
  )
  tx.send({
    name: 'catalog.delete_categories',
    text: 'delete from catalog.product_category where product_id = any($1::uuid[])',
    values: [plainArray(products.map(({ id }) => id))],
  })
  if (rows.length === 0) return
  tx.send({
    name: 'catalog.insert_categories',
    text: `insert into catalog.product_category (product_id, category_id, position, title)
           select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[])`,
    values: [
      plainArray(rows.map(({ id }) => id)),
      plainArray(rows.map(({ categoryId }) => categoryId)),
      plainArray(rows.map(({ position }) => position)),
      rows.map(({ title }) => title),
    ],
  })
}

/** Handles that are no longer written stay: who kept the address still finds the product. */
function addHandles(tx: Tx, products: readonly Product[]): void {
  const rows = products.flatMap(({ id, handle, texts }) =>
    [handle, ...Object.values(texts).flatMap((text) => text.handle ?? [])].map((each) => ({ id, handle: each })),
  )
  tx.send({
    name: 'catalog.add_handles',
    text: `insert into catalog.product_handle (handle, product_id) select * from unnest($1::text[], $2::uuid[])
           on conflict (handle) do nothing`,
    values: [rows.map(({ handle }) => handle), plainArray(rows.map(({ id }) => id))],
  })
}
