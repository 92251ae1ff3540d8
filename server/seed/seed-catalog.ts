import type { NewTaxonomy, ProductEdit, VariantEdit } from '../modules/catalog/index.ts'
import { frenchTitles } from './french-titles.ts'
import type { DemoBundle, DemoProduct, DemoVariant } from './product-table.ts'
import { bundles, products } from './products.ts'
import { expectSound, SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'
import { categories, colours, materials, waterproof } from './taxonomy-data.ts'

/** Where the demo's pictures would lie: the merchant's media stay in its own house. */
const MEDIA_URL = 'https://media.fernway.example'
const MEDIA_PX = 1_600

/** The tree first, then products, then bundles, which are made of what is there. Saved again, they stay as they are. */
export async function seedCatalog(deps: SeedDeps): Promise<void> {
  await seedCategories(deps)
  await seedAttributes(deps)
  const { db, rooms } = deps
  for (const edits of [products.map(productEdit), bundles.map(bundleEdit)]) {
    const decisions = await db.inTransaction((tx) => rooms.catalog.saveProducts(tx, { actor, edits }))
    const errors = decisions.flatMap((decision) => (decision.kind === 'error' ? decision.errors : []))
    expectSound(errors.length === 0, 'catalog', errors)
  }
}

async function seedCategories({ db, rooms: { catalog } }: SeedDeps): Promise<void> {
  for (const [position, [code, parent, name, german, french]] of categories.entries()) {
    const { categoryByCode } = await catalog.currentBook()
    if (categoryByCode.has(code)) continue
    const fields = {
      code,
      parentId: parent === null ? null : (categoryByCode.get(parent)?.id ?? null),
      position,
      name,
      texts: { de: localName(code, german), fr: localName(code, french) },
      active: true,
    }
    const outcome = await db.inTransaction((tx) => catalog.createTaxonomy(tx, { actor, kind: 'category', fields }))
    expectSound(outcome.kind === 'created', `category ${code}`, outcome)
  }
}

/** Two languages often have one word for it: then the first has the handle, and the other goes by its code. */
function localName(code: string, name: string): { readonly name: string; readonly handle?: string } {
  const handle = handleOf(name)
  const owners = categories.filter(
    ([other, , , ...names]) => other !== code && names.some((each) => handleOf(each) === handle),
  )
  const isFree = owners.length === 0 && categories.every(([other]) => other !== handle)
  return isFree ? { name, handle } : { name }
}

async function seedAttributes({ db, rooms: { catalog } }: SeedDeps): Promise<void> {
  const { attributeByCode } = await catalog.currentBook()
  for (const [position, attribute] of attributes.entries()) {
    if (attributeByCode.has(attribute.code)) continue
    const fields = { ...attribute, position }
    const outcome = await db.inTransaction((tx) => catalog.createTaxonomy(tx, { actor, kind: 'attribute', fields }))
    expectSound(outcome.kind === 'created', `attribute ${attribute.code}`, outcome)
  }
}

const attributes: readonly Omit<NewTaxonomy<'attribute'>, 'position'>[] = [
  {
    code: 'colour',
    name: 'Colour',
    names: { de: 'Farbe', fr: 'Couleur' },
    type: 'choice',
    level: 'variant',
    unit: null,
    filterable: true,
    choices: colours.map(([code, name, de, fr]) => ({ code, name, names: { de, fr } })),
  },
  {
    code: 'material',
    name: 'Material',
    names: { de: 'Material', fr: 'Matière' },
    type: 'choice',
    level: 'product',
    unit: null,
    filterable: true,
    choices: materials.map(([code, name, de, fr]) => ({ code, name, names: { de, fr } })),
  },
  {
    code: 'waterproof',
    name: 'Waterproof',
    names: { de: 'Wasserdicht', fr: 'Étanche' },
    type: 'boolean',
    level: 'product',
    unit: null,
    filterable: true,
    choices: [],
  },
  {
    code: 'weight',
    name: 'Weight',
    names: { de: 'Gewicht', fr: 'Poids' },
    type: 'number',
    level: 'variant',
    unit: 'g',
    filterable: true,
    choices: [],
  },
  {
    code: 'care',
    name: 'Care',
    names: { de: 'Pflege', fr: 'Entretien' },
    type: 'text',
    level: 'product',
    unit: null,
    filterable: false,
    choices: [],
  },
]

function productEdit(product: DemoProduct): ProductEdit {
  const { handle, brand, category, description, taxClass, kind, spread } = product
  const material = materials.find(([, , , , tells]) => tells.test(handle))
  return {
    handle,
    title: product.title,
    ...localized(product),
    brand,
    categories: [category],
    description,
    taxClass,
    status: 'active',
    attributes: {
      ...(material === undefined ? {} : { material: material[0] }),
      ...(kind === 'physical' ? { waterproof: waterproof.test(handle) } : {}),
      ...(category === 'apparel' ? { care: 'Wash cold, dry flat.' } : {}),
    },
    // Tills and the marketplace sell what lies on our own shelves.
    channels: kind === 'physical' && spread !== 'vendor' ? null : ['web'],
    variants: product.variants.map((variant) => ({
      sku: variant.sku,
      title: variant.title,
      kind,
      options: variant.options,
      ...(kind === 'physical' ? sizeOf(variant) : {}),
      attributes: {
        ...colourOf(variant),
        ...(kind === 'physical' ? { weight: variant.grams } : {}),
      },
    })),
  }
}

function sizeOf({ grams, mm: [lengthMm, widthMm, heightMm] }: DemoVariant): Partial<VariantEdit> {
  return { weightGrams: grams, lengthMm, widthMm, heightMm }
}

function colourOf({ options }: DemoVariant): { readonly colour?: string } {
  const colour = colours.find(([, name]) => name === options['colour'])
  return colour === undefined ? {} : { colour: colour[0] }
}

function bundleEdit(bundle: DemoBundle): ProductEdit {
  const { handle, title, category, description, sku, separable, components } = bundle
  return {
    handle,
    title,
    ...localized(bundle),
    categories: [category],
    description,
    status: 'active',
    variants: [{ sku, kind: 'bundle', separable, components }],
  }
}

/** Titles, handles and pictures in the demo's languages. */
function localized({
  handle,
  title,
  titleDe,
}: Pick<DemoProduct, 'handle' | 'title' | 'titleDe'>): Pick<ProductEdit, 'texts' | 'media' | 'content'> {
  const titleFr = frenchTitles[handle] ?? title
  const texts = (local: string) => {
    const localHandle = handleOf(local)
    return localHandle === handle ? { title: local } : { title: local, handle: localHandle }
  }
  const picture = (name: string) => ({
    url: `${MEDIA_URL}/${name}.jpg`,
    alt: { en: title, de: titleDe, fr: titleFr },
    widthPx: MEDIA_PX,
    heightPx: MEDIA_PX,
  })
  return {
    texts: { de: texts(titleDe), fr: texts(titleFr) },
    media: [
      { ...picture(handle), role: 'main' },
      { ...picture(`${handle}-in-use`), role: 'gallery' },
    ],
    content: [{ system: 'cms', ref: `product/${handle}`, role: 'story' }],
  }
}

/** `Bâche Featherlite` → `bache-featherlite` */
export function handleOf(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
