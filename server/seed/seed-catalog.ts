import type { ProductEdit, VariantEdit } from '../modules/catalog/index.ts'
import type { DemoBundle, DemoProduct, DemoVariant } from './product-table.ts'
import { bundles, products } from './products.ts'
import { expectSound, SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'

/** Products first: a bundle is made of what is there. Saved again, they stay as they are. */
export async function seedCatalog({ db, rooms: { catalog } }: SeedDeps): Promise<void> {
  for (const edits of [products.map(productEdit), bundles.map(bundleEdit)]) {
    const decisions = await db.inTransaction((tx) => catalog.saveProducts(tx, { actor, edits }))
    const errors = decisions.flatMap((decision) => (decision.kind === 'error' ? decision.errors : []))
    expectSound(errors.length === 0, 'catalog', errors)
  }
}

function productEdit(product: DemoProduct): ProductEdit {
  const { handle, title, titleDe, brand, category, description, taxClass, kind, spread } = product
  return {
    handle,
    title,
    titles: { de: titleDe },
    brand,
    category,
    description,
    taxClass,
    status: 'active',
    // Tills and the marketplace sell what lies on our own shelves.
    channels: kind === 'physical' && spread !== 'vendor' ? null : ['web'],
    variants: product.variants.map((variant) => ({
      sku: variant.sku,
      title: variant.title,
      kind,
      options: variant.options,
      ...(kind === 'physical' ? sizeOf(variant) : {}),
    })),
  }
}

function sizeOf({ grams, mm: [lengthMm, widthMm, heightMm] }: DemoVariant): Partial<VariantEdit> {
  return { weightGrams: grams, lengthMm, widthMm, heightMm }
}

function bundleEdit(bundle: DemoBundle): ProductEdit {
  const { handle, title, titleDe, category, description, sku, separable, components } = bundle
  return {
    handle,
    title,
    titles: { de: titleDe },
    category,
    description,
    status: 'active',
    variants: [{ sku, kind: 'bundle', separable, components }],
  }
}
