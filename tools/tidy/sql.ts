import {
  isAt,
  isServerCode,
  mayOpen,
  publishedViewsHeading,
  readersOfAnyView,
  roomOf,
  rooms,
  sqlHomes,
  wallTimeHomes,
} from './house.ts'
import { clockCalls, looksLikeSql, ownNames, qualifiedCalls, relations, type Relation } from './sql-text.ts'
import type { Files, Literal, Rule, Source } from './tree.ts'

export const sqlRules: readonly Rule[] = [
  {
    name: 'sql-in-sql-files',
    asks: 'SQL of the server stands in *.sql.ts, migrations, audits and the platform.',
    *find(tree) {
      for (const { path, literals } of tree.sources.values()) {
        if (!isServerCode(path) || isSqlFile(path) || isAt(path, sqlHomes)) continue
        for (const { text, tag, line } of literals) {
          if (tag === 'sql' || looksLikeSql(text)) {
            yield { path, line, sentence: 'SQL belongs into a named function of a *.sql.ts file' }
          }
        }
      }
    },
  },
  {
    name: 'sql-own-tables',
    asks: "A room's SQL names its own schema's tables, and views that rooms it may open have published.",
    *find({ files, sources }) {
      const published = new Set([...publishedViews(files)].map(({ view }) => view))
      for (const source of sources.values()) {
        const room = roomOf(source.path)
        if (room === null || !isSqlFile(source.path)) continue
        const texts = sqlLiterals(source)
        const own = new Set(texts.flatMap(({ text }) => [...ownNames(text)]))
        const told = new Set<string>()
        for (const { text, line } of texts) {
          for (const relation of [...relations(text), ...qualifiedCalls(text)]) {
            const sentence = complaint(room, relation, own, published)
            const at = line + relation.lineOffset
            if (sentence === null || told.has(`${at} ${sentence}`)) continue
            told.add(`${at} ${sentence}`)
            yield { path: source.path, line: at, sentence }
          }
        }
      }
    },
  },
  {
    name: 'sql-business-time',
    asks: 'SQL is handed business time as a parameter; wall time is asked as clock_timestamp(), by the platform.',
    *find({ files, sources }) {
      for (const [path, text] of files) {
        if (!isServerCode(path)) continue
        const source = sources.get(path)
        const texts = source ? sqlLiterals(source) : path.endsWith('.sql') ? [{ text, line: 1 }] : []
        for (const { text: sql, line } of texts) {
          for (const { name, lineOffset } of clockCalls(sql)) {
            if (name === 'clock_timestamp' && isAt(path, wallTimeHomes)) continue
            const way = isAt(path, wallTimeHomes)
              ? 'wall time is clock_timestamp(), business time a parameter'
              : 'pass the time in'
            yield { path, line: line + lineOffset, sentence: `SQL calls ${name}: ${way}` }
          }
        }
      }
    },
  },
  {
    name: 'statement-name',
    asks: 'A statement is prepared once a connection under its name: <room>.<what it does>, unique, at most 63 bytes.',
    *find({ sources }) {
      const homeByName = new Map<string, string>()
      for (const { path, statements } of sources.values()) {
        if (!isServerCode(path) || !(isSqlFile(path) || isAt(path, sqlHomes))) continue
        const owner = roomOf(path) ?? 'platform'
        for (const { name, line } of statements) {
          const first = homeByName.get(name)
          if (first !== undefined) yield { path, line, sentence: `the name ${name} is taken in ${first}` }
          homeByName.set(name, `${path}:${line}`)
          if (!name.startsWith(`${owner}.`))
            yield { path, line, sentence: `the name ${name} does not begin with ${owner}.` }
          // PostgreSQL cuts longer names off, and two statements would become one.
          if (Buffer.byteLength(name) > 63) yield { path, line, sentence: `the name ${name} is longer than 63 bytes` }
        }
      }
    },
  },
  {
    name: 'published-view',
    asks: 'A view listed as published carries its owner as schema and is created by a migration.',
    *find({ files }) {
      const migrations = [...files]
        .filter(([path]) => /^server\/migrations\/.*\.sql$/.test(path))
        .map(([, text]) => text)
      for (const { view, owner, path, line } of publishedViews(files)) {
        if (!view.startsWith(`${owner}.`)) yield { path, line, sentence: `${view} is not a view of ${owner}` }
        else if (!migrations.some((text) => new RegExp(`\\bview\\s+${view}\\b`, 'i').test(text))) {
          yield { path, line, sentence: `no migration creates the view ${view}` }
        }
      }
    },
  },
]

function isSqlFile(path: string): boolean {
  return path.endsWith('.sql.ts')
}

/** In an SQL file a text with a line break is SQL even where its beginning does not show it. */
function sqlLiterals({ path, literals }: Source): Literal[] {
  return literals.filter(({ text }) => looksLikeSql(text) || (isSqlFile(path) && text.includes('\n')))
}

/** What is wrong when SQL of `room` names this table, view or function; null when nothing is. */
function complaint(
  room: string,
  { schema, name, isFunction }: Relation,
  own: ReadonlySet<string>,
  published: ReadonlySet<string>,
): string | null {
  if (name === null) return 'a computed table name cannot be checked: write it out'
  if (schema === null) return isFunction || own.has(name) ? null : `"${name}" stands without its schema`
  if (schema === room || schema === 'pg_catalog') return null
  if (schema === 'platform' && isFunction) return null
  const relation = `${schema}.${name}`
  if (!(schema in rooms)) return `${relation} is not a table of ${room}`
  if (!published.has(relation)) return `${relation} belongs to ${schema}: ask its door or a published view`
  if (mayOpen(room, schema) || readersOfAnyView.includes(room)) return null
  return `${room} may not read ${relation}, a view of ${schema}`
}

/** The `schema.view` code spans under the heading "Published views" of each room's README. */
function* publishedViews(files: Files): Iterable<{ view: string; owner: string; path: string; line: number }> {
  for (const [path, text] of files) {
    const owner = roomOf(path)
    if (owner === null || !path.endsWith('/README.md')) continue
    let isListed = false
    for (const [index, line] of text.split('\n').entries()) {
      const heading = /^#+\s+(.*)$/.exec(line)?.[1]
      if (heading !== undefined) isListed = heading.trim() === publishedViewsHeading
      else if (isListed) {
        for (const [, view = ''] of line.matchAll(/`([a-z_]+\.[a-z_0-9]+)`/g))
          yield { view, owner, path, line: index + 1 }
      }
    }
  }
}
