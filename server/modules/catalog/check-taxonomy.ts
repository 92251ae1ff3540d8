import { handlesOf, trailOf, type Attribute, type Category, type TaxonomyRows } from './book.ts'

/** Why a category or attribute may not be saved. `path` is a JSON pointer into it. */
export interface TaxonomyProblem {
  readonly path: string
  readonly code: TaxonomyProblemCode
  readonly message: string
}

/** A trail of crumbs of more than this is a mistake, and every list of a category asks for all below it. */
export const CATEGORY_LEVELS_MAX = 10

export const taxonomyProblems = {
  code_taken: 'Another one has this code.',
  handle_taken: 'Another category has this handle.',
  parent_unknown: 'There is no category with this code.',
  parent_is_below: 'A category cannot lie below itself.',
  too_deep: `Categories lie at most ${CATEGORY_LEVELS_MAX} levels deep.`,
  unit_not_allowed: 'Only numbers have a unit.',
  choices_required: 'A choice needs at least one value to choose.',
  choices_not_allowed: 'Only the type `choice` has values to choose from.',
  choice_repeated: 'An earlier value has the same code.',
  choice_removed: 'Products may have this value: it can be renamed, not taken away.',
  filter_not_allowed: 'Text has too many values for a filter; make it a choice.',
} as const

export type TaxonomyProblemCode = keyof typeof taxonomyProblems

export type TaxonomyKind = 'category' | 'attribute'
export interface TaxonomyByKind {
  readonly category: Category
  readonly attribute: Attribute
}

/**
 * Everything that keeps a row from being saved beside the others; empty when it may be.
 * @param others  the taxonomy without the row itself
 * @param before  the row as it was; null when it is new
 */
export function checkTaxonomy<Kind extends TaxonomyKind>(
  kind: Kind,
  row: TaxonomyByKind[Kind],
  { others, before }: { readonly others: TaxonomyRows; readonly before: TaxonomyByKind[Kind] | null },
): TaxonomyProblem[] {
  const taken = others[kind].some(({ code }) => code === row.code) ? [problem('/code', 'code_taken')] : []
  return [...taken, ...checks[kind](row, others, before)]
}

const checks: {
  readonly [Kind in TaxonomyKind]: (
    row: TaxonomyByKind[Kind],
    others: TaxonomyRows,
    before: TaxonomyByKind[Kind] | null,
  ) => TaxonomyProblem[]
} = { category: checkCategory, attribute: checkAttribute }

function checkCategory(category: Category, { category: others }: TaxonomyRows): TaxonomyProblem[] {
  const problems: TaxonomyProblem[] = []
  const taken = new Set(others.flatMap(handlesOf))
  if (taken.has(category.code) && !others.some(({ code }) => code === category.code)) {
    problems.push(problem('/code', 'handle_taken'))
  }
  for (const [locale, { handle }] of Object.entries(category.texts)) {
    if (handle !== undefined && taken.has(handle)) problems.push(problem(`/texts/${locale}/handle`, 'handle_taken'))
  }
  const { parentId } = category
  if (parentId === null) return problems
  const categoryById = new Map(others.map((each) => [each.id, each]))
  if (parentId === category.id) return [...problems, problem('/parent', 'parent_is_below')]
  if (!categoryById.has(parentId)) return [...problems, problem('/parent', 'parent_unknown')]
  // A trail that ends at the row itself is not among the others any more: its top names it as parent.
  const trail = trailOf({ categoryById }, parentId)
  if (trail[0]?.parentId === category.id) return [...problems, problem('/parent', 'parent_is_below')]
  if (trail.length + heightOf(category, others) > CATEGORY_LEVELS_MAX) problems.push(problem('/parent', 'too_deep'))
  return problems
}

/** Levels from the category down to the lowest below it. */
function heightOf({ id }: Pick<Category, 'id'>, others: readonly Category[]): number {
  const below = others.filter(({ parentId }) => parentId === id).map((child) => heightOf(child, others))
  return 1 + Math.max(0, ...below)
}

function checkAttribute(
  { type, unit, filterable, choices }: Attribute,
  _others: TaxonomyRows,
  before: Attribute | null,
): TaxonomyProblem[] {
  const problems: TaxonomyProblem[] = []
  if (unit !== null && type !== 'number') problems.push(problem('/unit', 'unit_not_allowed'))
  if (type === 'choice' && choices.length === 0) problems.push(problem('/choices', 'choices_required'))
  if (type !== 'choice' && choices.length > 0) problems.push(problem('/choices', 'choices_not_allowed'))
  if (type === 'text' && filterable) problems.push(problem('/filterable', 'filter_not_allowed'))
  const codes = choices.map(({ code }) => code)
  for (const [index, code] of codes.entries()) {
    if (codes.indexOf(code) < index) problems.push(problem(`/choices/${index}/code`, 'choice_repeated'))
  }
  const gone = (before?.choices ?? []).some(({ code }) => !codes.includes(code))
  if (gone && choices.length > 0) problems.push(problem('/choices', 'choice_removed'))
  return problems
}

function problem(path: string, code: TaxonomyProblemCode): TaxonomyProblem {
  return { path, code, message: taxonomyProblems[code] }
}
