import { canonicalJson } from '../../kernel/canonical-json.ts'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { AssortmentRule } from './assortment.ts'
import type { CatalogBook } from './book.ts'
import { attributeErrors, handleErrors, mediaErrors, ruleErrors, type RuleEdit } from './check-details.ts'
import type { RowError, RowErrorCode } from './row-errors.ts'
import { errorAt, VARIANTS_PER_PRODUCT_MAX } from './row-errors.ts'
import type {
  AttributeValue,
  BundleComponent,
  ContentRef,
  Media,
  Product,
  ProductStatus,
  ProductTexts,
  Variant,
  VariantKind,
  VariantStatus,
} from './product.ts'

/** What a row says about a product; what it leaves out stays, or gets its default when the product is new. */
export interface ProductEdit {
  readonly handle: string
  readonly title?: string
  /** By locale; a locale that is named is replaced whole, null takes it away. */
  readonly texts?: Readonly<Record<string, ProductTexts | null>>
  readonly description?: string
  /** Codes, the main one first. Replaces all. */
  readonly categories?: readonly string[]
  readonly brand?: string | null
  readonly status?: ProductStatus
  readonly taxClass?: string
  /** Replaces all. */
  readonly media?: readonly Media[]
  /** Replaces all. */
  readonly content?: readonly ContentRef[]
  /** By code; null takes a value away, attributes that are not named stay. */
  readonly attributes?: AttributeEdits
  /** Codes; null means every channel. */
  readonly channels?: readonly string[] | null
  /** Replaces all. */
  readonly rules?: readonly RuleEdit[]
  /** Added or changed by SKU; variants that are not named stay. */
  readonly variants?: readonly VariantEdit[]
}

export type AttributeEdits = Readonly<Record<string, AttributeValue | null>>

export interface VariantEdit {
  readonly sku: string
  readonly title?: string
  /** By locale. Replaces all. */
  readonly titles?: Readonly<Record<string, string>>
  readonly kind?: VariantKind
  readonly status?: VariantStatus
  readonly barcode?: string | null
  readonly weightGrams?: number | null
  readonly lengthMm?: number | null
  readonly widthMm?: number | null
  readonly heightMm?: number | null
  readonly options?: Readonly<Record<string, string>>
  readonly attributes?: AttributeEdits
  readonly separable?: boolean
  /** Replaces all components of a bundle. */
  readonly components?: readonly { readonly sku: string; readonly quantity: number }[]
}

/** What stands in the catalog about everything that the rows name. */
export interface KnownCatalog {
  readonly productByHandle: ReadonlyMap<string, Product>
  /** Whose every handle is, of those that the rows name, in any locale, now or once. */
  readonly productIdByHandle: ReadonlyMap<string, Id<'product'>>
  readonly variantBySku: ReadonlyMap<string, KnownVariant>
  readonly channelIdByCode: ReadonlyMap<string, Id<'channel'>>
  readonly book: Pick<CatalogBook, 'categoryByCode' | 'attributeByCode'>
  /** Of what rules name and another room keeps, what is not there. */
  readonly unknownIds: ReadonlySet<string>
  readonly isCountry: (code: string) => boolean
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
  const seen: Seen = { handles: new Set(), skus: new Set(), productIdByHandle: new Map(known.productIdByHandle) }
  const drafts = edits.map((edit) => draftProduct(edit, known, seen, ids, at))

  const contentsBySku: ContentsBySku = new Map(
    edits.flatMap(({ variants = [] }) => variants.map(({ sku, components = [] }) => [sku, components] as const)),
  )
  // A refused row takes its SKUs away from bundles in other rows, which refuses those; each round refuses at least one.
  for (;;) {
    const kindAndIdBySku = componentsOnOffer(drafts, known)
    let refusedCount = 0
    for (const draft of drafts) {
      if (draft.errors.length > 0) continue
      draft.errors.push(...componentErrors(draft, kindAndIdBySku, contentsBySku))
      if (draft.errors.length > 0) refusedCount++
    }
    if (refusedCount === 0) return drafts.map((draft) => finishProduct(draft, kindAndIdBySku))
  }
}

/** What earlier rows of the batch have taken. */
interface Seen {
  readonly handles: Set<string>
  readonly skus: Set<string>
  readonly productIdByHandle: Map<string, Id<'product'>>
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

function draftProduct(edit: ProductEdit, known: KnownCatalog, seen: Seen, ids: IdSource, at: Instant): Draft {
  const before = known.productByHandle.get(edit.handle) ?? null
  const variantEdits = edit.variants ?? []
  const errors: RowError[] = []
  const isRepeated = seen.handles.has(edit.handle)
  if (isRepeated) errors.push(errorAt('/handle', 'handle_repeated'))
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
    errors.push(...kindErrors(variantEdit, variant.kind, path))
    errors.push(...attributeErrors(variantEdit.attributes, 'variant', known.book, `${path}/attributes`))
    if (variantBefore === null) {
      variants.push(variant)
      newVariantIds.push(variant.id)
    } else variants[place] = variant
  }
  if (variants.length > VARIANTS_PER_PRODUCT_MAX) errors.push(errorAt('/variants', 'too_many_variants'))

  for (const [index, code] of (edit.channels ?? []).entries()) {
    if (!known.channelIdByCode.has(code)) errors.push(errorAt(`/channels/${index}`, 'channel_unknown'))
  }
  for (const [index, code] of (edit.categories ?? []).entries()) {
    if (!known.book.categoryByCode.has(code)) errors.push(errorAt(`/categories/${index}`, 'category_unknown'))
  }
  const skus = variants.map(({ sku }) => sku)
  errors.push(...attributeErrors(edit.attributes, 'product', known.book, '/attributes'))
  errors.push(...mediaErrors(edit.media ?? [], skus))
  errors.push(...ruleErrors(edit.rules ?? [], known))
  if (!isRepeated) errors.push(...handleErrors(edit, productId, seen.productIdByHandle))
  const product: Product = {
    id: productId,
    handle: edit.handle,
    title: edit.title ?? before?.title ?? '',
    texts: merge(before?.texts ?? {}, edit.texts),
    description: edit.description ?? before?.description ?? '',
    categoryIds: categoryIdsOf(edit, before, known),
    brand: pick(edit.brand, before?.brand),
    status: edit.status ?? before?.status ?? 'active',
    taxClass: edit.taxClass ?? before?.taxClass ?? 'standard',
    media: edit.media ?? before?.media ?? [],
    content: edit.content ?? before?.content ?? [],
    attributes: merge(before?.attributes ?? {}, edit.attributes),
    channelIds: channelIdsOf(edit, before, known),
    rules: edit.rules?.map((rule) => ruleOf(rule, known)) ?? before?.rules ?? [],
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
    titles: edit.titles ?? before?.titles ?? {},
    kind: before?.kind ?? edit.kind ?? 'physical',
    status: edit.status ?? before?.status ?? 'active',
    barcode: pick(edit.barcode, before?.barcode),
    weightGrams: pick(edit.weightGrams, before?.weightGrams),
    lengthMm: pick(edit.lengthMm, before?.lengthMm),
    widthMm: pick(edit.widthMm, before?.widthMm),
    heightMm: pick(edit.heightMm, before?.heightMm),
    options: edit.options ?? before?.options ?? {},
    attributes: merge(before?.attributes ?? {}, edit.attributes),
    separable: edit.separable ?? before?.separable ?? true,
    components: before?.components ?? [],
  }
}

/** Boxes have a weight and a size, and only what is sold as one can be taken apart. */
function kindErrors(edit: VariantEdit, kind: VariantKind, path: string): RowError[] {
  const errors: RowError[] = []
  if (kind !== 'physical') {
    for (const measure of ['weightGrams', 'lengthMm', 'widthMm', 'heightMm'] as const) {
      if ((edit[measure] ?? null) !== null) errors.push(errorAt(`${path}/${measure}`, 'measure_not_allowed'))
    }
  }
  if (kind !== 'bundle' && edit.separable === false) errors.push(errorAt(`${path}/separable`, 'separable_not_allowed'))
  return errors
}

/** What an edit names is replaced, null takes it away, the rest stays. */
function merge<Value>(
  before: Readonly<Record<string, Value>>,
  edits: Readonly<Record<string, Value | null>> | undefined,
): Readonly<Record<string, Value>> {
  if (edits === undefined) return before
  const merged = { ...before, ...edits }
  return Object.fromEntries(
    Object.entries(merged).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])),
  )
}

/** The edit's value where it says one (null says "none"), else the value before. */
function pick<Value>(edited: Value | null | undefined, before: Value | null | undefined): Value | null {
  return edited === undefined ? (before ?? null) : edited
}

function categoryIdsOf(edit: ProductEdit, before: Product | null, { book }: KnownCatalog): Product['categoryIds'] {
  if (edit.categories === undefined) return before?.categoryIds ?? []
  return [...new Set(edit.categories.flatMap((code) => book.categoryByCode.get(code)?.id ?? []))]
}

function ruleOf(
  { effect, channels = [], countries = [], regions = [], segmentIds = [], locationIds = [], from, until }: RuleEdit,
  { channelIdByCode }: KnownCatalog,
): AssortmentRule {
  return {
    effect,
    channelIds: channels.flatMap((code) => channelIdByCode.get(code) ?? []),
    countries,
    regions,
    segmentIds,
    locationIds,
    from: from ?? null,
    until: until ?? null,
  }
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

function componentErrors(
  { product, variantEdits }: Draft,
  offered: OfferedComponents,
  contentsBySku: ContentsBySku,
): RowError[] {
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
      const bundle = { sku, components: components ?? [], contentsBySku }
      const code = componentError(component.sku, place, bundle, offered)
      return code === null ? [] : [errorAt(`${path}/${place}/sku`, code)]
    })
  })
}

function componentError(
  sku: string,
  place: number,
  bundle: {
    readonly sku: string
    readonly components: readonly { readonly sku: string }[]
    readonly contentsBySku: ContentsBySku
  },
  offered: OfferedComponents,
): RowErrorCode | null {
  if (reaches(sku, bundle.sku, bundle.contentsBySku)) return 'bundle_contains_itself'
  const component = offered.get(sku)
  if (component === undefined) return 'component_unknown'
  if (component.kind === 'gift_card') return 'component_is_gift_card'
  if (component.kind === 'bundle') return 'component_is_bundle'
  return bundle.components.findIndex((each) => each.sku === sku) < place ? 'component_repeated' : null
}

/** What the rows of the batch say is in each bundle. A stored bundle contains none: it cannot close a circle. */
type ContentsBySku = ReadonlyMap<string, readonly { readonly sku: string }[]>

/** Whether a SKU is another one or contains it, through whatever bundles. */
function reaches(from: string, sought: string, contentsBySku: ContentsBySku): boolean {
  const open = [from]
  const seen = new Set(open)
  for (let sku = open.pop(); sku !== undefined; sku = open.pop()) {
    if (sku === sought) return true
    for (const component of contentsBySku.get(sku) ?? []) {
      if (seen.has(component.sku)) continue
      seen.add(component.sku)
      open.push(component.sku)
    }
  }
  return false
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
  return canonicalJson({ ...product, ...unstamped }) === canonicalJson({ ...before, ...unstamped })
}
