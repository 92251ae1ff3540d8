import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { BundleComponent, Product, ProductStatus, Variant, VariantKind, VariantStatus } from './product.ts'

export const VARIANTS_PER_PRODUCT_MAX = 250

/** What a row says about a product; what it leaves out stays, or gets its default when the product is new. */
export interface ProductEdit {
  readonly handle: string
  readonly title?: string
  readonly titles?: Readonly<Record<string, string>>
  readonly description?: string
  readonly category?: string | null
  readonly brand?: string | null
  readonly status?: ProductStatus
  readonly taxClass?: string
  readonly contentRef?: string | null
  /** Codes; null means every channel. */
  readonly channels?: readonly string[] | null
  /** Added or changed by SKU; variants that are not named stay. */
  readonly variants?: readonly VariantEdit[]
}

export interface VariantEdit {
  readonly sku: string
  readonly title?: string
  readonly kind?: VariantKind
  readonly status?: VariantStatus
  readonly barcode?: string | null
  readonly weightGrams?: number | null
  readonly lengthMm?: number | null
  readonly widthMm?: number | null
  readonly heightMm?: number | null
  readonly options?: Readonly<Record<string, string>>
  readonly separable?: boolean
  /** Replaces all components of a bundle. */
  readonly components?: readonly { readonly sku: string; readonly quantity: number }[]
}

/** Why a row cannot be saved. `path` is a JSON pointer into the row. */
export interface RowError {
  readonly path: string
  readonly code: RowErrorCode
  readonly message: string
}

export const rowErrors = {
  handle_repeated: 'An earlier row has the same handle.',
  title_required: 'A new product needs a title.',
  variants_required: 'A new product needs at least one variant.',
  too_many_variants: `A product has at most ${VARIANTS_PER_PRODUCT_MAX} variants.`,
  sku_repeated: 'An earlier variant has the same SKU.',
  sku_taken: 'The SKU is a variant of another product.',
  kind_fixed: 'The kind of a variant stays as it was made.',
  components_required: 'A bundle needs at least one component.',
  components_not_allowed: 'Only bundles have components.',
  component_repeated: 'The bundle has this component twice; give its quantity instead.',
  component_unknown: 'There is no variant with this SKU.',
  bundle_contains_itself: 'A bundle cannot contain itself.',
  component_is_bundle: 'A bundle cannot contain a bundle.',
  channel_unknown: 'There is no channel with this code.',
} as const

export type RowErrorCode = keyof typeof rowErrors

/** What stands in the catalog about everything that the rows name. */
export interface KnownCatalog {
  readonly productByHandle: ReadonlyMap<string, Product>
  readonly variantBySku: ReadonlyMap<string, KnownVariant>
  readonly channelIdByCode: ReadonlyMap<string, Id<'channel'>>
}

export interface KnownVariant {
  readonly id: Id<'variant'>
  readonly productId: Id<'product'>
  readonly kind: VariantKind
}

export type ProductDecision =
  | { readonly kind: 'created'; readonly product: Product; readonly newVariantIds: readonly Id<'variant'>[] }
  | { readonly kind: 'updated'; readonly product: Product; readonly newVariantIds: readonly Id<'variant'>[] }
  | { readonly kind: 'unchanged'; readonly product: Product }
  | { readonly kind: 'error'; readonly errors: readonly RowError[] }

/** Ids for what turns out to be new, drawn by the caller. */
export interface IdSource {
  productId(): Id<'product'>
  variantId(): Id<'variant'>
}

/**
 * Decides what a batch of rows makes of the catalog, row by row: a bad row is refused with every reason, the others are
 * saved. Bundles may contain what other rows of the batch bring, but not what a refused row would have brought.
 *
 * @returns one decision a row, in the order given
 */
export function decideProducts(
  edits: readonly ProductEdit[],
  known: KnownCatalog,
  ids: IdSource,
  at: Instant,
): ProductDecision[] {
  const seen = { handles: new Set<string>(), skus: new Set<string>() }
  const drafts = edits.map((edit) => draftProduct(edit, known, seen, ids, at))

  // A refused row takes its SKUs away from bundles in other rows, which refuses those; each round refuses at least one.
  for (;;) {
    const kindAndIdBySku = componentsOnOffer(drafts, known)
    let refusedCount = 0
    for (const draft of drafts) {
      if (draft.errors.length > 0) continue
      draft.errors.push(...componentErrors(draft, kindAndIdBySku))
      if (draft.errors.length > 0) refusedCount++
    }
    if (refusedCount === 0) return drafts.map((draft) => finishProduct(draft, kindAndIdBySku))
  }
}

type OfferedComponents = ReadonlyMap<string, { readonly id: Id<'variant'>; readonly kind: VariantKind }>

/** A row's product with its own errors; the components of its bundles are still SKUs. */
interface Draft {
  readonly before: Product | null
  readonly product: Product
  readonly variantEdits: readonly VariantEdit[]
  readonly newVariantIds: readonly Id<'variant'>[]
  readonly errors: RowError[]
}

function draftProduct(
  edit: ProductEdit,
  known: KnownCatalog,
  seen: { readonly handles: Set<string>; readonly skus: Set<string> },
  ids: IdSource,
  at: Instant,
): Draft {
  const before = known.productByHandle.get(edit.handle) ?? null
  const variantEdits = edit.variants ?? []
  const errors: RowError[] = []
  if (seen.handles.has(edit.handle)) errors.push(errorAt('/handle', 'handle_repeated'))
  seen.handles.add(edit.handle)
  if (before === null && edit.title === undefined) errors.push(errorAt('/title', 'title_required'))
  if (before === null && variantEdits.length === 0) errors.push(errorAt('/variants', 'variants_required'))

  const productId = before?.id ?? ids.productId()
  const newVariantIds: Id<'variant'>[] = []
  const variants = [...(before?.variants ?? [])]
  for (const [index, variantEdit] of variantEdits.entries()) {
    const path = `/variants/${index}`
    const { sku } = variantEdit
    const owner = known.variantBySku.get(sku)
    if (seen.skus.has(sku)) errors.push(errorAt(`${path}/sku`, 'sku_repeated'))
    else if (owner !== undefined && owner.productId !== productId) errors.push(errorAt(`${path}/sku`, 'sku_taken'))
    seen.skus.add(sku)

    const place = variants.findIndex((variant) => variant.sku === sku)
    const variantBefore = variants[place] ?? null
    if (variantBefore !== null && variantEdit.kind !== undefined && variantEdit.kind !== variantBefore.kind) {
      errors.push(errorAt(`${path}/kind`, 'kind_fixed'))
    }
    const variant = mergeVariant(variantEdit, variantBefore, ids)
    if (variantBefore === null) {
      variants.push(variant)
      newVariantIds.push(variant.id)
    } else variants[place] = variant
  }
  if (variants.length > VARIANTS_PER_PRODUCT_MAX) errors.push(errorAt('/variants', 'too_many_variants'))

  for (const [index, code] of (edit.channels ?? []).entries()) {
    if (!known.channelIdByCode.has(code)) errors.push(errorAt(`/channels/${index}`, 'channel_unknown'))
  }
  const product: Product = {
    id: productId,
    handle: edit.handle,
    title: edit.title ?? before?.title ?? '',
    titles: edit.titles ?? before?.titles ?? {},
    description: edit.description ?? before?.description ?? '',
    category: pick(edit.category, before?.category),
    brand: pick(edit.brand, before?.brand),
    status: edit.status ?? before?.status ?? 'active',
    taxClass: edit.taxClass ?? before?.taxClass ?? 'standard',
    contentRef: pick(edit.contentRef, before?.contentRef),
    channelIds: channelIdsOf(edit, before, known),
    variants,
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
  }
  return { before, product, variantEdits, newVariantIds, errors }
}

function mergeVariant(edit: VariantEdit, before: Variant | null, ids: IdSource): Variant {
  return {
    id: before?.id ?? ids.variantId(),
    sku: edit.sku,
    title: edit.title ?? before?.title ?? '',
    kind: before?.kind ?? edit.kind ?? 'physical',
    status: edit.status ?? before?.status ?? 'active',
    barcode: pick(edit.barcode, before?.barcode),
    weightGrams: pick(edit.weightGrams, before?.weightGrams),
    lengthMm: pick(edit.lengthMm, before?.lengthMm),
    widthMm: pick(edit.widthMm, before?.widthMm),
    heightMm: pick(edit.heightMm, before?.heightMm),
    options: edit.options ?? before?.options ?? {},
    separable: edit.separable ?? before?.separable ?? true,
    components: before?.components ?? [],
  }
}

/** The edit's value where it says one (null says "none"), else the value before. */
function pick<Value>(edited: Value | null | undefined, before: Value | null | undefined): Value | null {
  return edited === undefined ? (before ?? null) : edited
}

function channelIdsOf(edit: ProductEdit, before: Product | null, known: KnownCatalog): Product['channelIds'] {
  if (edit.channels === undefined) return before?.channelIds ?? null
  if (edit.channels === null) return null
  const channelIds = edit.channels.flatMap((code) => known.channelIdByCode.get(code) ?? [])
  return [...new Set(channelIds)].toSorted()
}

/** Every SKU that a bundle could contain: what is in the catalog, and what rows without errors bring. */
function componentsOnOffer(drafts: readonly Draft[], known: KnownCatalog): OfferedComponents {
  const offered = new Map<string, { readonly id: Id<'variant'>; readonly kind: VariantKind }>(known.variantBySku)
  for (const { product, errors } of drafts) {
    if (errors.length === 0) for (const variant of product.variants) offered.set(variant.sku, variant)
  }
  return offered
}

function componentErrors({ product, variantEdits }: Draft, offered: OfferedComponents): RowError[] {
  return variantEdits.flatMap(({ sku, components }, index) => {
    const path = `/variants/${index}/components`
    const variant = must(
      product.variants.find((each) => each.sku === sku),
      'the variant of an edit',
    )
    if (variant.kind !== 'bundle') {
      return components !== undefined && components.length > 0 ? [errorAt(path, 'components_not_allowed')] : []
    }
    if (components === undefined ? variant.components.length === 0 : components.length === 0) {
      return [errorAt(path, 'components_required')]
    }
    return (components ?? []).flatMap((component, place) => {
      const code = componentError(component.sku, place, { sku, components: components ?? [] }, offered)
      return code === null ? [] : [errorAt(`${path}/${place}/sku`, code)]
    })
  })
}

function componentError(
  sku: string,
  place: number,
  bundle: { readonly sku: string; readonly components: readonly { readonly sku: string }[] },
  offered: OfferedComponents,
): RowErrorCode | null {
  if (sku === bundle.sku) return 'bundle_contains_itself'
  const component = offered.get(sku)
  if (component === undefined) return 'component_unknown'
  if (component.kind === 'bundle') return 'component_is_bundle'
  return bundle.components.findIndex((each) => each.sku === sku) < place ? 'component_repeated' : null
}

function finishProduct(draft: Draft, offered: OfferedComponents): ProductDecision {
  const { before, errors, newVariantIds } = draft
  if (errors.length > 0) return { kind: 'error', errors }
  const componentsBySku = new Map(draft.variantEdits.map(({ sku, components }) => [sku, components]))
  const variants = draft.product.variants.map((variant): Variant => {
    const components = componentsBySku.get(variant.sku)
    return components === undefined ? variant : { ...variant, components: components.map(resolve) }
  })
  const product = { ...draft.product, variants }
  if (before === null) return { kind: 'created', product, newVariantIds }
  return isSame(product, before) ? { kind: 'unchanged', product: before } : { kind: 'updated', product, newVariantIds }

  function resolve({ sku, quantity }: { readonly sku: string; readonly quantity: number }): BundleComponent {
    return { variantId: must(offered.get(sku), 'a component that was checked').id, sku, quantity }
  }
}

/** Whether an edit says nothing new: a nightly upload of the whole catalog then changes only what changed. */
function isSame(product: Product, before: Product): boolean {
  const unstamped = { version: undefined, updatedAt: undefined }
  return canonical({ ...product, ...unstamped }) === canonical({ ...before, ...unstamped })
}

/** JSON with the keys of objects in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function errorAt(path: string, code: RowErrorCode): RowError {
  return { path, code, message: rowErrors[code] }
}
