import type { Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { openCatalog } from '../../server/modules/catalog/index.ts'
import { openMerchant } from '../../server/modules/merchant/index.ts'
import type { Db } from '../../server/platform/db.ts'

const adjectives = words(
  'light warm soft sturdy folding packable quiet bright rugged slim wide compact classic rapid gentle clever ' +
    'bold calm crisp deep early fine grand heavy idle keen lean mellow narrow outer plain round sharp tall urban',
)
const materials = words(
  'merino linen cotton denim leather canvas wool silk nylon fleece down cork bamboo walnut oak ash steel titanium ' +
    'enamel copper brass glass stoneware porcelain felt suede rubber hemp jute velvet',
)
const nouns = words(
  'jacket tent boots shirt trousers pack bottle mug lantern stove pillow blanket towel robe basket knife board pan ' +
    'kettle plate bowl carafe candle mat chair bench table shelf lamp planter shears gloves hat scarf socks sandals ' +
    'belt wallet umbrella backpack tarp hammock cooler grill axe saw rope compass map torch whistle tripod bicycle ' +
    'helmet pump saddle bell lock trailer sledge skis poles goggles wetsuit paddle kayak rod reel net lure vest',
)
const BRANDS = 200
const CATEGORIES = 60
const COLOURS = words('moss sand slate rust ink oat pine bone')
const BATCH_PRODUCTS = 500

function words(text: string): string[] {
  return text.split(' ')
}

/** Product `number` of a catalog in which a noun has some thousand products and two words some dozens. */
function productOf(number: number): { readonly title: string; readonly brand: string; readonly category: number } {
  const at = (list: readonly string[], step: number): string =>
    must(list[Math.floor(number / step) % list.length], 'a word')
  const noun = number % nouns.length
  const name = `${at(adjectives, 7)} ${at(materials, 3)} ${nouns[noun] ?? ''} ${number % 997}`
  return { title: name, brand: `Brand${number % BRANDS} House`, category: noun % CATEGORIES }
}

/** Gives the products of a bench shop words, brands, categories and colours, and indexes them as saving would have. */
export async function fillWithWords(db: Db, products: number): Promise<void> {
  await db.execute({
    name: 'bench.word_categories',
    text: `insert into catalog.category (id, code, name)
           select gen_random_uuid(), 'shelf-' || n, 'Shelf ' || n from generate_series(0, $1::int - 1) as n`,
    values: [CATEGORIES],
  })
  await db.execute({
    name: 'bench.word_attribute',
    text: `insert into catalog.attribute (id, code, name, type, level, filterable, choices)
           values (gen_random_uuid(), 'colour', 'Colour', 'choice', 'variant', true, $1::jsonb)`,
    values: [JSON.stringify(COLOURS.map((code) => ({ code, name: code, names: {} })))],
  })
  const numbers = Array.from({ length: products }, (_, index) => index + 1)
  const rows = numbers.map((number) => ({ ...productOf(number), handle: `product-${number}` }))
  await db.execute({
    name: 'bench.word_products',
    text: `with worded as (
             update catalog.product set title = word.title, brand = word.brand
               from unnest($1::text[], $2::text[], $3::text[], $4::int[]) as word (handle, title, brand, category)
              where product.handle = word.handle returning product.id, product.title, word.category)
           insert into catalog.product_category (product_id, category_id, position, title)
           select worded.id, category.id, 0, worded.title
             from worded join catalog.category on category.code = 'shelf-' || worded.category`,
    values: [
      rows.map(({ handle }) => handle),
      rows.map(({ title }) => title),
      rows.map(({ brand }) => brand),
      rows.map(({ category }) => category),
    ],
  })
  await db.execute({
    name: 'bench.word_colours',
    text: `update catalog.variant set attributes = jsonb_build_object('colour', ($1::text[])[1 + abs(hashtext(sku)) % $2])`,
    values: [COLOURS, COLOURS.length],
  })
  const catalog = openCatalog({
    db,
    merchant: openMerchant({ db }),
    onVariantsCreated: () => {},
    findUnknownPlaces: async () => new Set(),
  })
  const ids = (
    await db.rows<{ id: Id<'product'> }>({ name: 'bench.word_ids', text: 'select id from catalog.product' })
  ).map(({ id }) => id)
  for (let from = 0; from < ids.length; from += BATCH_PRODUCTS) {
    await db.inTransaction((tx) => catalog.reindexProducts(tx, ids.slice(from, from + BATCH_PRODUCTS)))
  }
  await db.execute({ name: 'bench.word_analyze', text: 'analyze' })
}

/** What shoppers type into such a shop, no two alike. */
export function searchPaths(count: number): string[] {
  const pick = (list: readonly string[], index: number): string => list[index % list.length] ?? ''
  return Array.from({ length: count }, (_, index) => {
    const { title, brand, category } = productOf(index * 31 + 1)
    const [adjective = '', material = '', noun = ''] = title.split(' ')
    const colour = pick(COLOURS, index)
    const asked = [
      `query=${material}+${noun}+${index % 997}`,
      `query=${brand.split(' ')[0] ?? ''}+${noun}&attributes=colour:${colour}`,
      `query=${adjective}+${noun.slice(0, 4)}+${index}`,
      `query=${swapped(noun)}+${material}+${index}`,
      `query=SKU-${index + 1}`,
      `query=${adjective}+${material}&brand=${encodeURIComponent(brand)}`,
      `query=${noun}+${index}&facets=true&category=shelf-${category}`,
      `query=${noun}&attributes=colour:${colour}&priceTo=${2_000 + index}`,
    ]
    return `/v1/store/products?limit=20&${pick(asked, index)}`
  })
}

/** The word with two letters in the wrong order. */
function swapped(word: string): string {
  return `${word.slice(0, 1)}${word.charAt(2)}${word.charAt(1)}${word.slice(3)}`
}
