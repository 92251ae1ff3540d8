import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { idJson, line, strict } from '../../platform/http/index.ts'
import { attributeLevels, attributeTypes, type Attribute, type CatalogBook, type Category } from './book.ts'
import { Handle, LocaleKey, nullable, TextsByLocale } from './product-json.ts'
import type { NewTaxonomy, TaxonomyChanges } from './save-taxonomy.ts'

const LOCALES_MAX = 100
const CHOICES_MAX = 500
const POSITION_MAX = 1_000_000

export const TaxonomyCode = Type.String({
  pattern: '^[a-z0-9]+([-_][a-z0-9]+)*$',
  maxLength: 60,
  examples: ['tents'],
  description: 'For imports and filters; lower case, unique, stays.',
})
const Name = line(120)
const Position = Type.Integer({ minimum: 0, maximum: POSITION_MAX, description: 'Smallest first; by code on a tie.' })
const Version = Type.Integer({ minimum: 1 })

const CategoryTexts = Type.Record(
  LocaleKey,
  strict({ name: Type.Optional(Name), handle: Type.Optional(Handle) }, { minProperties: 1 }),
  {
    additionalProperties: false,
    maxProperties: LOCALES_MAX,
    examples: [{ de: { name: 'Zelte', handle: 'zelte' } }],
    description: 'By locale, what differs from `name` and `code`. Replaces all.',
  },
)

const categoryFields = {
  parent: Type.Optional(nullable(TaxonomyCode)),
  position: Type.Optional(Position),
  texts: Type.Optional(CategoryTexts),
  active: Type.Optional(Type.Boolean({ description: 'Whether shoppers are shown it, with all below it.' })),
}
export const NewCategory = strict({ code: TaxonomyCode, name: Name, ...categoryFields }, { title: 'NewCategory' })
export const CategoryEdit = strict({ name: Type.Optional(Name), ...categoryFields }, { title: 'CategoryEdit' })
export const CategoryJson = strict(
  {
    id: idJson('category'),
    code: TaxonomyCode,
    parent: nullable(TaxonomyCode),
    position: Position,
    name: Name,
    texts: CategoryTexts,
    active: Type.Boolean(),
    version: Version,
  },
  { title: 'Category' },
)

export function categoryJson(
  { parentId, ...category }: Category,
  { categoryById }: Pick<CatalogBook, 'categoryById'>,
): Static<typeof CategoryJson> {
  return {
    ...category,
    id: formatId('category', category.id),
    parent: parentId === null ? null : (categoryById.get(parentId)?.code ?? null),
  }
}

/** Of a code that no category has: `checkTaxonomy` refuses it, with everything else that is wrong. */
const nowhere = '00000000-0000-0000-0000-000000000000' as Id<'category'>

function parentIdOf(code: string | null, { categoryByCode }: CatalogBook): Id<'category'> | null {
  return code === null ? null : (categoryByCode.get(code)?.id ?? nowhere)
}

export function readNewCategory(body: Static<typeof NewCategory>, book: CatalogBook): NewTaxonomy<'category'> {
  const { code, name, parent = null, position = 0, texts = {}, active = true } = body
  return { code, name, parentId: parentIdOf(parent, book), position, texts, active }
}

export function readCategoryEdit(body: Static<typeof CategoryEdit>, book: CatalogBook): TaxonomyChanges<'category'> {
  const { parent, ...changes } = body
  return parent === undefined ? changes : { ...changes, parentId: parentIdOf(parent, book) }
}

const ChoiceJson = strict(
  { code: TaxonomyCode, name: Name, names: Type.Optional(TextsByLocale) },
  { title: 'AttributeChoice' },
)
const attributeFields = {
  names: Type.Optional(TextsByLocale),
  unit: Type.Optional(nullable(line(20, { examples: ['l'] }))),
  filterable: Type.Optional(Type.Boolean({ description: 'Whether shoppers may filter by it.' })),
  position: Type.Optional(Position),
  choices: Type.Optional(
    Type.Array(ChoiceJson, { maxItems: CHOICES_MAX, description: 'Of a choice, in order. None can be taken away.' }),
  ),
}
const AttributeType = Type.Enum([...attributeTypes])
const AttributeLevel = Type.Enum([...attributeLevels], { description: 'Who has the values.' })
export const NewAttribute = strict(
  { code: TaxonomyCode, name: Name, type: AttributeType, level: AttributeLevel, ...attributeFields },
  { title: 'NewAttribute' },
)
export const AttributeEdit = strict({ name: Type.Optional(Name), ...attributeFields }, { title: 'AttributeEdit' })
export const AttributeJson = strict(
  {
    id: idJson('attribute'),
    code: TaxonomyCode,
    name: Name,
    names: TextsByLocale,
    type: AttributeType,
    level: AttributeLevel,
    unit: nullable(Type.String()),
    filterable: Type.Boolean(),
    position: Position,
    choices: Type.Array(ChoiceJson),
    version: Version,
  },
  { title: 'Attribute' },
)

export function attributeJson({ id, choices, ...attribute }: Attribute): Static<typeof AttributeJson> {
  return { ...attribute, id: formatId('attribute', id), choices: [...choices] }
}

export function readNewAttribute(body: Static<typeof NewAttribute>): NewTaxonomy<'attribute'> {
  const { names = {}, unit = null, filterable = false, position = 0, choices = [], ...fields } = body
  return { ...fields, names, unit, filterable, position, choices: choices.map(readChoice) }
}

export function readAttributeEdit(body: Static<typeof AttributeEdit>): TaxonomyChanges<'attribute'> {
  const { choices, ...changes } = body
  return choices === undefined ? changes : { ...changes, choices: choices.map(readChoice) }
}

function readChoice({ code, name, names = {} }: Static<typeof ChoiceJson>): Attribute['choices'][number] {
  return { code, name, names }
}
