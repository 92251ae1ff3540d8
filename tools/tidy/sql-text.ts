import { hole } from './tree.ts'

/** A relation named in SQL: `schema` is null when it is left to the search path, `name` null when it is computed. */
export interface Relation {
  readonly schema: string | null
  readonly name: string | null
  /** Lines below the first line of the text, from 0. */
  readonly lineOffset: number
  readonly isFunction: boolean
}

export interface ClockCall {
  readonly name: string
  readonly lineOffset: number
}

/** A name in SQL, schema and all, or a hole where a template computes it. */
const named = String.raw`[\w."\u0000]+`

const statementStarts = [
  `with\\s+(recursive\\s+)?\\w+\\s*(\\([^)]*\\)\\s*)?as\\s+((not\\s+)?materialized\\s+)?\\(`,
  `select\\s+(all\\b|distinct\\b|\\*|\\d|\\$|'|\\(|\u0000|(true|false|null|exists|case|array)\\b)`,
  `select\\s+${named}(::|\\()`,
  `select\\s+${named}\\s*(,|\\s(as|from)\\b)[^]*\\bfrom\\s+(${named}\\s*($|[;,()]|\\b(as|where|order|group|limit|join|for)\\b)|\\w+\\.)`,
  `select\\b[^]*\\bfrom\\s+(lateral\\s+|only\\s+)?(\\w+\\.\\w+|\\w+\\(|\\()`,
  `insert\\s+into\\s+${named}\\s*(\\(|\\b(as|select|values|default|with|overriding)\\b)`,
  `update\\s+(only\\s+)?${named}(\\s+(as\\s+)?\\w+)?\\s+set\\b`,
  `delete\\s+from\\s+(\\w+\\.\\w|\u0000|${named}(\\s+(as\\s+)?\\w+)?\\s*(;|\\b(where|using|returning)\\b))`,
  `merge\\s+into\\s+${named}(\\s+(as\\s+)?\\w+)?\\s+using\\b`,
  `values\\s*\\(`,
  `truncate\\s+(table\\s+\\w|\\w+\\.\\w|\u0000|\\w+\\s*(;|\\b(cascade|restart)\\b))`,
  `(create|alter|drop)\\s+(or\\s+replace\\s+)?(\\w+\\s+)?(table|index|view|schema|type|function|procedure|sequence|role|database|trigger|extension)\\s+(if\\s+(not\\s+)?exists\\s+)?(\\w+\\.\\w|${named}\\s*([(;]|\\b(on|as|add|drop|rename|cascade|owner|with|template|alter|using|set)\\b)|\\w*\u0000)`,
  `(begin|commit|rollback|start\\s+transaction)\\s*;`,
  `(begin|start\\s+transaction)\\s+(isolation|read|transaction)\\b`,
  `(savepoint|release\\s+savepoint|rollback\\s+to)\\s+\\w+`,
  `set\\s+(local|session)\\s+\\w+`,
  `lock\\s+table\\s+\\w`,
  `copy\\s+[\\w.(][^]*\\b(from|to)\\s+std(in|out)\\b`,
  `explain\\s+(\\(|(analyze|select|insert|update|delete|with)\\b)`,
].map((start) => new RegExp(`^${start}`, 'i'))

/** Pieces that a statement is put together from: a clause with a numbered parameter, a cast one, a join, an order. */
const fragments = [
  /\b(where|and|or|set|values|any|in|on)\b[^]*(=|[<>~(])\s*\$[\d\u0000]/i,
  /\b(limit|offset|like|ilike)\s+\$[\d\u0000]/i,
  /\$[\d\u0000]\d*\s*::\s*\w/,
  /\bjoin\s+(lateral\b|\w+\.\w+|\()/i,
  /\border\s+by\s+[\w."]+(\s*,|\s+(asc|desc)\b)/i,
]

/** Whether a string is SQL or a piece of it. Prose that merely starts with "select" or "update" is not. */
export function looksLikeSql(text: string): boolean {
  const trimmed = stripComments(text).trim()
  return statementStarts.some((start) => start.test(trimmed)) || fragments.some((fragment) => fragment.test(trimmed))
}

/** Keeps the line breaks, so that offsets into the text still count lines. */
function stripComments(text: string): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ')
  return text.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[^]*?\*\//g, (part) => (part.startsWith("'") ? part : blank(part)))
}

interface Token {
  /** `word` is lower case unless it was quoted; strings keep no text. */
  readonly kind: 'word' | 'string' | 'symbol' | 'hole'
  readonly text: string
  readonly lineOffset: number
}

const tokenPattern = /'(?:[^']|'')*'|"((?:[^"]|"")*)"|[A-Za-z_][\w$]*|\$\d+|\d[\w.]*|\u0000|\n|[^\s]/g

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let lineOffset = 0
  for (const [part, quoted] of stripComments(text).matchAll(tokenPattern)) {
    if (part === '\n') lineOffset += 1
    else if (quoted !== undefined) tokens.push({ kind: 'word', text: quoted, lineOffset })
    else if (part === hole) tokens.push({ kind: 'hole', text: part, lineOffset })
    else if (part.startsWith("'")) {
      tokens.push({ kind: 'string', text: '', lineOffset })
      lineOffset += part.split('\n').length - 1
    } else if (/^[A-Za-z_]/.test(part)) tokens.push({ kind: 'word', text: part.toLowerCase(), lineOffset })
    else tokens.push({ kind: 'symbol', text: part, lineOffset })
  }
  return tokens
}

/** `with a as (…), b (x) as materialized (…)`: the names a statement gives to its own parts. */
export function ownNames(text: string): Set<string> {
  const names = new Set<string>()
  const tokens = tokenize(text)
  for (const [index, { kind, text: name }] of tokens.entries()) {
    if (kind !== 'word') continue
    let next = index + 1
    if (tokens[next]?.text === '(') {
      while (next < tokens.length && tokens[next]?.text !== ')') next += 1
      next += 1
    }
    if (tokens[next]?.text !== 'as') continue
    next += 1
    if (tokens[next]?.text === 'not') next += 1
    if (tokens[next]?.text === 'materialized') next += 1
    if (tokens[next]?.text === '(') names.add(name)
  }
  return names
}

const introducesRelation = new Set(['from', 'join', 'into', 'update', 'using', 'truncate', 'table'])
/** `for update`, `do update`, `is distinct from`: the word introduces nothing here. */
const notAfter: Readonly<Record<string, ReadonlySet<string>>> = {
  update: new Set(['for', 'key', 'do', 'on', 'then', 'or', 'before', 'after']),
  from: new Set(['distinct']),
  table: new Set(['create', 'exists']),
}
const skipped = new Set(['only', 'lateral', 'table', 'if', 'not', 'exists'])
const subqueryStarts = new Set(['select', 'with', 'values', 'insert', 'update', 'delete', 'table'])
const endsFromList = new Set(
  'where group having order limit offset fetch for union intersect except returning window set select values when'.split(
    ' ',
  ),
)
/** `extract(epoch from …)` and its kin: `from` inside their parentheses introduces no table. */
const takesFrom = new Set(['extract', 'substring', 'trim', 'overlay', 'position'])

/** Every relation a text names, wherever a table may stand: from lists, joins, targets, at any depth. */
export function relations(text: string): Relation[] {
  const tokens = tokenize(text)
  const found: Relation[] = []
  const depths: { inFromList: boolean; takesFrom: boolean }[] = [{ inFromList: false, takesFrom: false }]
  let expected = false

  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]
    const depth = depths.at(-1)
    if (token === undefined || depth === undefined) break
    const before = tokens[index - 1]
    const after = tokens[index + 1]

    if (expected && token.text === '(' && before?.text !== 'using') {
      const isSubquery = after?.kind === 'word' && subqueryStarts.has(after.text)
      expected = !isSubquery && after?.kind !== 'hole'
      depths.push({ inFromList: !isSubquery, takesFrom: false })
      continue
    }
    if (expected && token.kind === 'word' && skipped.has(token.text)) continue
    if (expected && (token.kind === 'word' || token.kind === 'hole')) {
      expected = false
      const isQualified = token.kind === 'word' && after?.text === '.'
      const name = isQualified ? tokens[index + 2] : token
      const followed = tokens[index + (isQualified ? 3 : 1)]
      const isTarget = before?.text === 'into'
      found.push({
        schema: isQualified ? token.text : null,
        name: name?.kind === 'word' ? name.text : null,
        lineOffset: token.lineOffset,
        isFunction: followed?.text === '(' && !isTarget,
      })
      if (isQualified) index += 2
      continue
    }
    expected = false

    if (token.text === '(')
      depths.push({ inFromList: false, takesFrom: before !== undefined && takesFrom.has(before.text) })
    else if (token.text === ')') {
      if (depths.length > 1) depths.pop()
    } else if (token.text === ',') expected = depth.inFromList
    else if (token.kind === 'word' && introducesRelation.has(token.text)) {
      if (notAfter[token.text]?.has(before?.text ?? '') || (token.text === 'from' && depth.takesFrom)) continue
      expected = true
      if (token.text === 'from' || token.text === 'using') depth.inFromList = true
    } else if (token.kind === 'word' && endsFromList.has(token.text)) depth.inFromList = false
  }
  return found
}

/** Schema-qualified functions called anywhere, `inventory.available(…)`. */
export function qualifiedCalls(text: string): Relation[] {
  const tokens = tokenize(text)
  const calls: Relation[] = []
  for (const [index, token] of tokens.entries()) {
    const [dot, name, open] = tokens.slice(index + 1, index + 4)
    if (token.kind !== 'word' || dot?.text !== '.' || name?.kind !== 'word' || open?.text !== '(') continue
    calls.push({ schema: token.text, name: name.text, lineOffset: token.lineOffset, isFunction: true })
  }
  return calls
}

const clockFunctions = new Set(['now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timeofday'])
const clockWords = new Set(['current_timestamp', 'current_date', 'current_time', 'localtimestamp', 'localtime'])

/** Every place where SQL asks the database for the time. */
export function clockCalls(text: string): ClockCall[] {
  const tokens = tokenize(text)
  return tokens.flatMap(({ kind, text: name, lineOffset }, index) => {
    const isCall = clockFunctions.has(name) && tokens[index + 1]?.text === '('
    return kind === 'word' && (isCall || clockWords.has(name)) ? [{ name, lineOffset }] : []
  })
}
