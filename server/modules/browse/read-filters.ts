import {
  trailOf,
  type Attribute,
  type AttributeFilter,
  type CatalogBook,
  type Category,
  type Filters,
  type RangeFilter,
} from '../catalog/index.ts'

/** A list's filters as a head writes them. */
export interface FilterTexts {
  readonly query?: string | undefined
  readonly category?: string | undefined
  /** `Northfold,Rill` */
  readonly brand?: string | undefined
  /** `colour:moss,sand;capacity:20..60;waterproof:true` */
  readonly attributes?: string | undefined
}

export interface FilterRefusal {
  readonly code: 'filter_invalid'
  readonly problems: readonly { readonly filter: string; readonly message: string }[]
}

export type ReadFilters =
  | { readonly kind: 'read'; readonly filters: Filters }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly refusal: FilterRefusal }

/** Reads filters against what the catalog has; a category that is not shown has nothing in it. */
export function readFilters({ query, category, brand, attributes = '' }: FilterTexts, book: CatalogBook): ReadFilters {
  const conditions = attributes
    .split(';')
    .filter((text) => text !== '')
    .map((text) => readCondition(text, book))
  const problems = conditions.flatMap((condition) => (condition.kind === 'problem' ? [condition.problem] : []))
  if (problems.length > 0) return { kind: 'refused', refusal: { code: 'filter_invalid', problems } }
  const chosen = category === undefined ? null : shownCategory(category, book)
  if (chosen === undefined) return { kind: 'nothing' }
  return {
    kind: 'read',
    filters: {
      query: query ?? null,
      categoryId: chosen?.id ?? null,
      brands: brand === undefined ? [] : [...new Set(brand.split(',').filter((name) => name !== ''))],
      attributes: conditions.flatMap((condition) => (condition.kind === 'values' ? [condition.filter] : [])),
      ranges: conditions.flatMap((condition) => (condition.kind === 'range' ? [condition.filter] : [])),
    },
  }
}

function shownCategory(handle: string, book: CatalogBook): Category | undefined {
  const category = book.categoryByHandle.get(handle)
  return category !== undefined && trailOf(book, category.id).every(({ active }) => active) ? category : undefined
}

type Condition =
  | { readonly kind: 'values'; readonly filter: AttributeFilter }
  | { readonly kind: 'range'; readonly filter: RangeFilter }
  | { readonly kind: 'problem'; readonly problem: FilterRefusal['problems'][number] }

function readCondition(text: string, { attributeByCode }: CatalogBook): Condition {
  const [code = '', value = ''] = text.split(/:(.*)/s)
  const attribute = attributeByCode.get(code)
  if (attribute === undefined || !attribute.filterable) {
    return { kind: 'problem', problem: { filter: code, message: 'is no attribute to filter by' } }
  }
  return attribute.type === 'number' ? readRange(code, value) : readValues(attribute, value)
}

function readValues({ code, type, choices }: Attribute, text: string): Condition {
  const values = [...new Set(text.split(',').filter((value) => value !== ''))]
  const known = type === 'boolean' ? ['true', 'false'] : choices.map((choice) => choice.code)
  const unknown = values.find((value) => !known.includes(value))
  if (values.length === 0 || unknown !== undefined) {
    return { kind: 'problem', problem: { filter: code, message: `${unknown ?? 'nothing'} is none of its values` } }
  }
  return { kind: 'values', filter: { code, values } }
}

/** `20..60`, `20..`, `..60`, `20` */
function readRange(code: string, text: string): Condition {
  const [, low = '', dots, high = ''] = /^(-?\d+(?:\.\d+)?)?(\.\.)?(-?\d+(?:\.\d+)?)?$/.exec(text) ?? []
  if (low === '' && high === '') {
    return { kind: 'problem', problem: { filter: code, message: 'takes a number or a range such as 20..60' } }
  }
  const from = low === '' ? null : Number(low)
  const to = dots === undefined ? from : high === '' ? null : Number(high)
  return { kind: 'range', filter: { code, from, to } }
}
