import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import { isCountry, type Merchant } from '../merchant/index.ts'
import { buildBook } from './book.ts'
import { findVariants, readProductIds, readProducts, readProductsByHandle } from './catalog.sql.ts'
import { decideProducts, type ProductDecision, type ProductEdit } from './decide-products.ts'
import { indexProducts } from './index-products.ts'
import type { FindUnknownPlaces, OnVariantsCreated } from './ports.ts'
import { putProducts } from './put-products.sql.ts'
import type { RowError } from './row-errors.ts'
import { readTaxonomy } from './taxonomy.sql.ts'
import { isStocked, type Product, type VariantKind } from './product.ts'

export interface SaveProductsDeps {
  readonly merchant: Merchant
  readonly onVariantsCreated: OnVariantsCreated
  readonly findUnknownPlaces: FindUnknownPlaces
}

export type CreateProductOutcome =
  | { readonly kind: 'created'; readonly product: Product }
  | { readonly kind: 'refused'; readonly refusal: SaveProductRefusal }

export type EditProductOutcome =
  | { readonly kind: 'edited'; readonly product: Product }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: SaveProductRefusal }

export type SaveProductRefusal =
  | { readonly code: 'handle_taken' }
  | { readonly code: 'product_invalid'; readonly problems: readonly RowError[] }

/**
 * Adds and changes products by handle and their variants by SKU. Rows with errors are left out, the others are saved.
 * At 500 products of one variant a call takes about 60 ms, most of it in PostgreSQL.
 *
 * @returns one decision a row, in the order given
 */
export async function saveProducts(
  deps: SaveProductsDeps,
  tx: Tx,
  { actor, edits }: { readonly actor: string; readonly edits: readonly ProductEdit[] },
): Promise<ProductDecision[]> {
  const revision = await raiseRevision(tx, 'catalog')
  const decisions = await decide(deps, tx, edits)
  await write(deps, tx, { actor, decisions, revision })
  return decisions
}

/**
 * What `saveProducts` would answer now; nothing is written and nobody waits.
 * @param assumed  variants that would be there by then: bundles may contain them
 */
export function foreseeProducts(
  deps: SaveProductsDeps,
  tx: Tx,
  { edits, assumed }: { readonly edits: readonly ProductEdit[]; readonly assumed: ReadonlyMap<string, VariantKind> },
): Promise<ProductDecision[]> {
  return decide(deps, tx, edits, assumed)
}

/** Refused: nothing was written; the caller rolls back, or carries on and only a revision was used up. */
export async function createProduct(
  deps: SaveProductsDeps,
  tx: Tx,
  { actor, edit }: { readonly actor: string; readonly edit: ProductEdit },
): Promise<CreateProductOutcome> {
  const revision = await raiseRevision(tx, 'catalog')
  const decision = must((await decide(deps, tx, [edit]))[0], 'a decision a row')
  if (decision.kind === 'error')
    return { kind: 'refused', refusal: { code: 'product_invalid', problems: decision.errors } }
  if (decision.kind !== 'created') return { kind: 'refused', refusal: { code: 'handle_taken' } }
  await write(deps, tx, { actor, decisions: [decision], revision })
  return { kind: 'created', product: decision.product }
}

/** Changes what the edit names, if the product still has the version that the editor saw. */
export async function editProduct(
  deps: SaveProductsDeps,
  tx: Tx,
  {
    actor,
    id,
    seenVersion,
    edit,
  }: {
    readonly actor: string
    readonly id: Id<'product'>
    readonly seenVersion: number
    readonly edit: Omit<ProductEdit, 'handle'>
  },
): Promise<EditProductOutcome> {
  const revision = await raiseRevision(tx, 'catalog')
  const [current] = await readProducts(tx, [id])
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const decision = must((await decide(deps, tx, [{ ...edit, handle: current.handle }]))[0], 'a decision a row')
  if (decision.kind === 'error')
    return { kind: 'refused', refusal: { code: 'product_invalid', problems: decision.errors } }
  await write(deps, tx, { actor, decisions: [decision], revision })
  return { kind: 'edited', product: decision.product }
}

/** Everything read here stays true until commit: all writers of the catalog wait for each other on its revision. */
async function decide(
  { merchant, findUnknownPlaces }: SaveProductsDeps,
  tx: Tx,
  edits: readonly ProductEdit[],
  assumed: ReadonlyMap<string, VariantKind> = new Map(),
): Promise<ProductDecision[]> {
  const variantEdits = edits.flatMap(({ variants = [] }) => variants)
  const skus = new Set(variantEdits.flatMap(({ sku, components = [] }) => [sku, ...components.map((part) => part.sku)]))
  const handles = new Set(edits.map(({ handle }) => handle))
  const localHandles = edits.flatMap(({ texts = {} }) => Object.values(texts).flatMap((text) => text?.handle ?? []))
  const rules = edits.flatMap((edit) => edit.rules ?? [])
  const [products, productIdByHandle, variantBySku, taxonomy, unknownIds, revisions] = await Promise.all([
    readProductsByHandle(tx, [...handles]),
    readProductIds(tx, [...handles.union(new Set(localHandles))]),
    findVariants(tx, [...skus]),
    readTaxonomy(tx),
    findUnknownPlaces(tx, {
      segmentIds: rules.flatMap(({ segmentIds = [] }) => segmentIds),
      locationIds: rules.flatMap(({ locationIds = [] }) => locationIds),
    }),
    readRevisions(tx),
  ])
  for (const [sku, kind] of assumed) {
    if (!variantBySku.has(sku))
      variantBySku.set(sku, { id: newId(), productId: newId(), kind, stocked: isStocked(kind) })
  }
  const { rows } = await merchant.bookAt(tx, revisions.merchant)
  const known = {
    productByHandle: new Map(products.map((product) => [product.handle, product])),
    productIdByHandle,
    variantBySku,
    book: buildBook(taxonomy),
    unknownIds,
    isCountry,
    channelIdByCode: new Map(rows.channel.map(({ code, id }) => [code, id])),
  }
  const ids = { productId: () => newId<'product'>(), variantId: () => newId<'variant'>() }
  return decideProducts(edits, known, ids, tx.at)
}

async function write(
  deps: SaveProductsDeps,
  tx: Tx,
  {
    actor,
    decisions,
    revision,
  }: {
    readonly actor: string
    readonly decisions: readonly ProductDecision[]
    readonly revision: bigint
  },
): Promise<void> {
  const saved = decisions.flatMap((decision) =>
    decision.kind === 'created' || decision.kind === 'updated' ? [decision] : [],
  )
  if (saved.length === 0) return
  putProducts(
    tx,
    saved.map(({ product }) => product),
    revision,
  )
  const newVariantIds = saved.flatMap((decision) => decision.newVariantIds)
  if (newVariantIds.length > 0) await deps.onVariantsCreated(tx, newVariantIds)
  await indexProducts(
    deps,
    tx,
    saved.map(({ product }) => product),
  )
  appendEvents(
    tx,
    saved.map(({ kind, product }) => ({
      type: eventType[kind],
      aggregateKind: 'product',
      aggregateId: product.id,
      version: product.version,
      data: announcementOf(product),
      occurredAt: tx.at,
    })),
  )
  appendAudit(
    tx,
    saved.map(({ kind, product }) => {
      const { handle, version } = product
      return { actor, action: eventType[kind], object: formatId('product', product.id), detail: { handle, version } }
    }),
  )
}

const eventType = { created: 'product.created', updated: 'product.edited' } as const

function announcementOf({ id, handle, title, status, variants }: Product): object {
  return {
    id: formatId('product', id),
    handle,
    title,
    status,
    variants: variants.map((variant) => {
      return { id: formatId('variant', variant.id), sku: variant.sku, kind: variant.kind, status: variant.status }
    }),
  }
}
