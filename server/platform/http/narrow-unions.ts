import type { TSchema } from 'typebox'

export interface UnionSchema extends TSchema {
  readonly type?: string
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, UnionSchema>>
  readonly items?: UnionSchema
  readonly prefixItems?: readonly UnionSchema[]
  readonly anyOf?: readonly UnionSchema[]
}

/**
 * The schema as it concerns one value that it refuses: of a union whose branches are told apart by a constant, such as
 * `type`, only the branch that the value names. Whoever sent `{ "type": "buy_x_get_y", "buyUnits": 0 }` is not told what
 * five other effects lack. Where the constant is none of theirs, only the constants are left to complain of.
 *
 * What it leaves out would refuse the value too, so a value is refused by the one schema as by the other.
 */
export function narrowUnions(schema: UnionSchema, value: unknown): UnionSchema {
  if (typeof value !== 'object' || value === null) return schema
  if (schema.anyOf !== undefined) return narrowUnion(schema, schema.anyOf, value)
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return schema
    const prefixItems = value.map((item: unknown) => narrowUnions(items, item))
    return prefixItems.every((each) => each === items) ? schema : { ...schema, prefixItems }
  }
  const narrowed = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const each = Object.hasOwn(value, name) ? narrowUnions(property, valueOf(value, name)) : property
    return each === property ? [] : [[name, each] as const]
  })
  return narrowed.length === 0
    ? schema
    : { ...schema, properties: { ...schema.properties, ...Object.fromEntries(narrowed) } }
}

function narrowUnion(schema: UnionSchema, branches: readonly UnionSchema[], value: object): UnionSchema {
  const possible = branches.filter((branch) => mayMean(branch, value))
  const [only] = possible
  if (only !== undefined) return possible.length === 1 ? narrowUnions(only, value) : schema
  const tagged = branches.filter((branch) => tagsOf(branch).length > 0)
  return { anyOf: tagged.length === 0 ? branches : tagged.map(tagsAlone) }
}

/** Whether what a branch is told apart by does not rule it out already. */
function mayMean(branch: UnionSchema, value: object): boolean {
  if (branch.type !== undefined && branch.type !== (Array.isArray(value) ? 'array' : 'object')) return false
  return tagsOf(branch).every(([name, tag]) => !Object.hasOwn(value, name) || valueOf(value, name) === tag.const)
}

function tagsOf({ properties = {} }: UnionSchema): [name: string, tag: UnionSchema][] {
  return Object.entries(properties).filter(([, property]) => 'const' in property)
}

function tagsAlone(branch: UnionSchema): UnionSchema {
  return { type: 'object', properties: Object.fromEntries(tagsOf(branch)) }
}

function valueOf(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name]
}
