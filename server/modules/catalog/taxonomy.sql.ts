import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant, instantFromMs, type Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { Attribute, Category, TaxonomyRows } from './book.ts'

/** Categories and attributes in one statement, so that they are of one moment. */
export async function readTaxonomy(source: Queryable): Promise<TaxonomyRows> {
  const [row] = await source.rows<{ taxonomy: TaxonomyRows }>({
    name: 'catalog.read_taxonomy',
    text: `select jsonb_build_object(
      'category', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'parentId', parent_id, 'position', position, 'name', name, 'texts', texts,
          'active', active, 'version', version)), '[]')
        from catalog.category),
      'attribute', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'names', names, 'type', type, 'level', level, 'unit', unit,
          'filterable', filterable, 'position', position, 'choices', choices, 'version', version)), '[]')
        from catalog.attribute)) as taxonomy`,
  })
  return must(row, 'the one row of a select without from').taxonomy
}

/** When the next rule of some assortment begins or ends to hold; null when none does. */
export async function readNextAssortmentChange(source: Queryable, at: Instant): Promise<Instant | null> {
  const [row] = await source.rows<{ ms: number | null }>({
    name: 'catalog.read_next_assortment_change',
    text: `select (extract(epoch from least(
                (select min(valid_from) from catalog.assortment_rule where valid_from > $1::timestamptz),
                (select min(valid_until) from catalog.assortment_rule where valid_until > $1::timestamptz)
              )) * 1000)::float8 as ms`,
    values: [formatInstant(at)],
  })
  const { ms } = must(row, 'the one row of a select without from')
  return ms === null ? null : instantFromMs(ms)
}

// The room's writers wait for each other on its revision row and have just read the row they replace: each `put…`
// writes the whole row, new or not.

export function putCategory(tx: Tx, category: Category): void {
  tx.send({
    name: 'catalog.put_category',
    text: `insert into catalog.category (id, code, parent_id, position, name, texts, active, version)
           values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
           on conflict (id) do update
              set parent_id = excluded.parent_id, position = excluded.position, name = excluded.name,
                  texts = excluded.texts, active = excluded.active, version = excluded.version`,
    values: [
      category.id,
      category.code,
      category.parentId,
      category.position,
      category.name,
      JSON.stringify(category.texts),
      category.active,
      category.version,
    ],
  })
}

export function putAttribute(tx: Tx, attribute: Attribute): void {
  tx.send({
    name: 'catalog.put_attribute',
    text: `insert into catalog.attribute (id, code, name, names, type, level, unit, filterable, position, choices,
                                          version)
           values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10::jsonb, $11)
           on conflict (id) do update
              set name = excluded.name, names = excluded.names, unit = excluded.unit,
                  filterable = excluded.filterable, position = excluded.position, choices = excluded.choices,
                  version = excluded.version`,
    values: [
      attribute.id,
      attribute.code,
      attribute.name,
      JSON.stringify(attribute.names),
      attribute.type,
      attribute.level,
      attribute.unit,
      attribute.filterable,
      attribute.position,
      JSON.stringify(attribute.choices),
      attribute.version,
    ],
  })
}

/** Marks everything in a category and below it as changed, for the caches of offers. */
export function touchVariantsBelow(tx: Tx, categoryId: Id<'category'>, revision: bigint): void {
  tx.send({
    name: 'catalog.touch_variants_below',
    text: `with recursive below (id) as (
             select $1::uuid
             union
             select child.id from below join catalog.category as child on child.parent_id = below.id)
           update catalog.variant set revision = $2
            where product_id in (select filed.product_id from below
                                   join catalog.product_category as filed on filed.category_id = below.id)`,
    values: [categoryId, revision],
  })
}
