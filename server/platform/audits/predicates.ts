import { readdirSync, readFileSync } from 'node:fs'
import { must } from '../../kernel/invariant.ts'

/** What keeps an invariant besides its predicate: a constraint, the transaction that writes, or nothing. */
export type Keeper = 'C' | 'T' | 'K'

/** One invariant of the data as SQL: a row for each violation, none when the data is right. */
export interface Predicate {
  /** A sentence in kebab-case, the name of its file. */
  readonly name: string
  /** The sentence at length. */
  readonly meaning: string
  /** Its number among the house's invariants; several predicates may share one. */
  readonly number: number
  readonly keeper: Keeper
  readonly cause: string
  /** Where whoever finds a violation begins. */
  readonly lookAt: string
  /** A table that the caller must bring; null where the database holds all there is to know. */
  readonly given: { readonly table: string; readonly columns: string } | null
  /** A query for `object` text and `detail` jsonb. */
  readonly text: string
}

const home = new URL('../../audits/', import.meta.url)

/** Every predicate, by name. */
export function readPredicates(): Predicate[] {
  return readdirSync(home)
    .filter((file) => file.endsWith('.sql'))
    .toSorted()
    .map((file) => parsePredicate(file.slice(0, -'.sql'.length), readFileSync(new URL(file, home), 'utf8')))
}

/**
 * Reads a predicate's file: what it means, a blank comment line, its fields, and after an empty line the query.
 * @throws when a field is missing: nobody should meet a violation that does not say what to do
 */
export function parsePredicate(name: string, file: string): Predicate {
  const [header = '', ...query] = file.split('\n\n')
  const lines = header.split('\n').map((line) => must(/^--(?: (.*))?$/.exec(line), `${name}: a comment first`)[1] ?? '')
  const end = lines.indexOf('')
  const fields = new Map(
    lines.slice(end + 1).map((line) => {
      const [, field = '', value = ''] = must(/^([A-Z][a-z ]+): (.+)$/.exec(line), `${name}: a field in "${line}"`)
      return [field, value]
    }),
  )
  const field = (title: string): string => must(fields.get(title), `${name}: the field ${title}`)
  const [, number, keeper] = must(/^(\d+) ([CTK])$/.exec(field('Invariant')), `${name}: an invariant such as 1 K`)
  return {
    name,
    meaning: lines.slice(0, end).join(' '),
    number: Number(number),
    keeper: keeper as Keeper,
    cause: field('Cause'),
    lookAt: field('Look at'),
    given: parseGiven(name, fields.get('Given')),
    text: query.join('\n\n').trim(),
  }
}

function parseGiven(name: string, given: string | undefined): Predicate['given'] {
  if (given === undefined) return null
  const [, table = '', columns = ''] = must(/^(\w+) \((.+)\)$/.exec(given), `${name}: a table and its columns`)
  return { table, columns }
}
