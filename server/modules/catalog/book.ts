import type { Id } from '../../kernel/id.ts'

/** A place in the tree that shoppers walk through. */
export interface Category {
  readonly id: Id<'category'>
  /** What imports and filters know it by; stays as it is. */
  readonly code: string
  readonly parentId: Id<'category'> | null
  /** Among its siblings, smallest first; by code on a tie. */
  readonly position: number
  readonly name: string
  /** By locale, what differs from name and code. */
  readonly texts: Readonly<Record<string, { readonly name?: string; readonly handle?: string }>>
  /** Whether shoppers are shown it, with all below it. */
  readonly active: boolean
  readonly version: number
}

export const attributeTypes = ['text', 'number', 'boolean', 'choice'] as const
export const attributeLevels = ['product', 'variant'] as const

/** What products or variants can be told by. */
export interface Attribute {
  readonly id: Id<'attribute'>
  /** Stays as it is: values are written by it. */
  readonly code: string
  readonly name: string
  readonly names: Readonly<Record<string, string>>
  readonly type: (typeof attributeTypes)[number]
  /** Who has the values. */
  readonly level: (typeof attributeLevels)[number]
  /** Of a number, as people write it: `l`, `cm`. */
  readonly unit: string | null
  /** Whether shoppers may filter by it. */
  readonly filterable: boolean
  readonly position: number
  /** Of a choice, in order; else empty. */
  readonly choices: readonly Choice[]
  readonly version: number
}

export interface Choice {
  readonly code: string
  readonly name: string
  readonly names: Readonly<Record<string, string>>
}

export interface TaxonomyRows {
  readonly category: readonly Category[]
  readonly attribute: readonly Attribute[]
}

/** What the catalog is sorted by, whole. */
export interface CatalogBook {
  /** Parents before their children, siblings in order. */
  readonly categories: readonly Category[]
  readonly categoryById: ReadonlyMap<Id<'category'>, Category>
  readonly categoryByCode: ReadonlyMap<string, Category>
  /** By code and by handle of any locale. */
  readonly categoryByHandle: ReadonlyMap<string, Category>
  /** In their order. */
  readonly attributes: readonly Attribute[]
  readonly attributeByCode: ReadonlyMap<string, Attribute>
}

export function buildBook({ category, attribute }: TaxonomyRows): CatalogBook {
  const categories = inTreeOrder(category)
  const attributes = attribute.toSorted((a, b) => a.position - b.position || (a.code < b.code ? -1 : 1))
  return {
    categories,
    categoryById: new Map(categories.map((each) => [each.id, each])),
    categoryByCode: new Map(categories.map((each) => [each.code, each])),
    categoryByHandle: new Map(categories.flatMap((each) => handlesOf(each).map((handle) => [handle, each] as const))),
    attributes,
    attributeByCode: new Map(attributes.map((each) => [each.code, each])),
  }
}

/** Every name a category has in addresses of pages. */
export function handlesOf({ code, texts }: Pick<Category, 'code' | 'texts'>): string[] {
  return [...new Set([code, ...Object.values(texts).flatMap(({ handle }) => handle ?? [])])]
}

function inTreeOrder(categories: readonly Category[]): Category[] {
  const childrenOf = Map.groupBy(categories, ({ parentId }) => parentId)
  const walk = (parentId: Id<'category'> | null): Category[] =>
    (childrenOf.get(parentId) ?? [])
      .toSorted((a, b) => a.position - b.position || (a.code < b.code ? -1 : 1))
      .flatMap((category) => [category, ...walk(category.id)])
  return walk(null)
}

/** A category and all below it; without those that are not shown and what is below these, unless `hidden` asks. */
export function subtreeOf(
  { categories }: Pick<CatalogBook, 'categories'>,
  root: Id<'category'>,
  { hidden = false }: { readonly hidden?: boolean } = {},
): Id<'category'>[] {
  const inside = new Set<Id<'category'>>()
  // Parents come before their children.
  for (const { id, parentId, active } of categories) {
    if ((active || hidden) && (id === root || (parentId !== null && inside.has(parentId)))) inside.add(id)
  }
  return [...inside]
}

/** From the root down to the category, both included. */
export function trailOf({ categoryById }: Pick<CatalogBook, 'categoryById'>, id: Id<'category'>): Category[] {
  const trail: Category[] = []
  for (let category = categoryById.get(id); category !== undefined;) {
    trail.unshift(category)
    category = category.parentId === null ? undefined : categoryById.get(category.parentId)
  }
  return trail
}

/**
 * What the most specific locale says that covers the one asked for and says anything: of `de-AT` its own, else of `de`
 * (RFC 4647, lookup). Undefined when none does.
 */
export function lookUpLocale<Texts, Value>(
  texts: Readonly<Record<string, Texts>>,
  locale: string,
  pick: (texts: Texts) => Value | undefined,
): Value | undefined {
  for (let range = locale; range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
    const found = Object.hasOwn(texts, range) ? texts[range] : undefined
    const value = found === undefined ? undefined : pick(found)
    if (value !== undefined) return value
  }
  return undefined
}
