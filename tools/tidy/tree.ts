import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import {
  parseSync,
  Visitor,
  type Expression,
  type ImportDeclarationSpecifier,
  type MemberExpression,
  type ModuleExportName,
  type TemplateLiteral,
} from 'oxc-parser'

/** Path from the root, with `/`, → text. The rules see nothing else, so that a test can plant a tree in memory. */
export type Files = ReadonlyMap<string, string>

export interface Finding {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly sentence: string
}

export interface Rule {
  readonly name: string
  /** What the house asks for, in one sentence. */
  readonly asks: string
  find(tree: Tree): Iterable<Omit<Finding, 'rule'>>
}

export interface Tree {
  readonly files: Files
  /** Every TypeScript and JavaScript file, by path. */
  readonly sources: ReadonlyMap<string, Source>
}

/** What the rules need to know of one source file. */
export interface Source {
  readonly path: string
  readonly lineCount: number
  readonly imports: readonly Import[]
  /** `export { name } from './file.ts'`: name → path. A door is made of these. */
  readonly passedOn: ReadonlyMap<string, string>
  readonly literals: readonly Literal[]
  /** Dotted uses of names, `Date.now`, `process.env`, `new Date()` for a `Date` made from the ambient clock. */
  readonly uses: readonly Use[]
  /** `{ name: '…', text: … }` objects: named SQL statements. */
  readonly statements: readonly { readonly name: string; readonly line: number }[]
  readonly parseError: { readonly message: string; readonly line: number } | null
}

export interface Import {
  /** As written; null when it is computed. */
  readonly specifier: string | null
  /** The path it leads to from the root, or null for a package. */
  readonly target: string | null
  /** Erased before the program runs. */
  readonly typeOnly: boolean
  /** The values it names, `*` for all; types are left out. */
  readonly names: readonly string[]
  readonly line: number
}

export interface Literal {
  /** Embedded expressions of a template stand as `hole`. */
  readonly text: string
  readonly tag: string | null
  readonly line: number
}

export interface Use {
  readonly name: string
  readonly line: number
}

/** Stands in a literal where a template embeds an expression; no text can contain it. */
export const hole = '\u0000'

const topFolders = ['server', 'console', 'heads', 'sdk', 'sandbox', 'bench', 'tools', 'test', 'bin', 'docs']
const skippedFolders = new Set(['node_modules', 'dist', 'results'])
const readExtensions = /\.(ts|tsx|mts|js|mjs|cjs|sql|md)$/
const sourceExtensions = /\.(ts|tsx|mts|js|mjs|cjs)$/

/** Reads the files of the repository at `root` that some rule looks at. */
export function readFiles(root: string): Files {
  const files = new Map<string, string>()
  const read = (path: string): void => void files.set(path, readFileSync(join(root, path), 'utf8'))
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) walk(path)
      else if (entry.isFile() && (readExtensions.test(path) || isScript(path))) read(path)
    }
  }
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isDirectory() && topFolders.includes(entry.name)) walk(entry.name)
    else if (entry.isFile() && (entry.name.endsWith('.md') || entry.name === 'LICENSE')) read(entry.name)
  }
  return files
}

/** Commands in `bin/` carry no extension. */
function isScript(path: string): boolean {
  return path.startsWith('bin/') && !posix.basename(path).includes('.')
}

export function parseTree(files: Files): Tree {
  const sources = new Map<string, Source>()
  for (const [path, text] of files) {
    if (sourceExtensions.test(path) || isScript(path)) sources.set(path, parseSource(path, text))
  }
  return { files, sources }
}

function parseSource(path: string, text: string): Source {
  const lineAt = lineFinder(text)
  const imports: Import[] = []
  const passedOn = new Map<string, string>()
  const literals: Literal[] = []
  const uses: Use[] = []
  const statements: { name: string; line: number }[] = []
  const tagByTemplate = new Map<TemplateLiteral, string>()

  const addImport = (source: string | null, start: number, typeOnly: boolean, names: readonly string[]): void => {
    imports.push({ specifier: source, target: targetOf(path, source), typeOnly, names, line: lineAt(start) })
  }

  const { program, errors } = parseSync(isScript(path) ? `${path}.js` : path, text, { sourceType: 'unambiguous' })
  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers.filter(isValue).map(importedName)
      addImport(node.source.value, node.start, node.importKind === 'type', names)
    },
    ExportNamedDeclaration(node) {
      if (!node.source) return
      addImport(node.source.value, node.start, node.exportKind === 'type', [])
      const target = targetOf(path, node.source.value)
      if (target === null) return
      for (const { exported } of node.specifiers) passedOn.set(nameOf(exported), target)
    },
    ExportAllDeclaration(node) {
      addImport(node.source.value, node.start, node.exportKind === 'type', ['*'])
    },
    ImportExpression(node) {
      addImport(textOf(node.source), node.start, false, ['*'])
    },
    TSImportType(node) {
      addImport(node.source.value, node.start, true, [])
    },
    TaggedTemplateExpression(node) {
      if (node.tag.type === 'Identifier') tagByTemplate.set(node.quasi, node.tag.name)
    },
    TemplateLiteral(node) {
      const literal = node.quasis.map((quasi) => quasi.value.cooked ?? quasi.value.raw).join(hole)
      literals.push({ text: literal, tag: tagByTemplate.get(node) ?? null, line: lineAt(node.start) })
    },
    Literal(node) {
      if (typeof node.value === 'string') literals.push({ text: node.value, tag: null, line: lineAt(node.start) })
    },
    MemberExpression(node) {
      const name = dottedName(node)
      if (name !== null) uses.push({ name, line: lineAt(node.start) })
    },
    NewExpression(node) {
      const isAmbient = node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0
      if (isAmbient) uses.push({ name: 'new Date()', line: lineAt(node.start) })
    },
    CallExpression(node) {
      if (node.callee.type !== 'Identifier') return
      const [argument] = node.arguments
      if (node.callee.name === 'require' && argument && argument.type !== 'SpreadElement') {
        addImport(textOf(argument), node.start, false, ['*'])
      }
      uses.push({ name: `${node.callee.name}()`, line: lineAt(node.start) })
    },
    VariableDeclarator(node) {
      // `const { env } = process` reads the environment as much as `process.env` does.
      if (node.id.type !== 'ObjectPattern' || node.init?.type !== 'Identifier') return
      for (const property of node.id.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
        uses.push({ name: `${node.init.name}.${property.key.name}`, line: lineAt(node.start) })
      }
    },
    ObjectExpression(node) {
      let name: string | null = null
      let hasText = false
      for (const property of node.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
        if (property.key.name === 'name') name = textOf(property.value)
        if (property.key.name === 'text') hasText = true
      }
      if (name !== null && hasText) statements.push({ name, line: lineAt(node.start) })
    },
  }).visit(program)

  const [error] = errors
  return {
    path,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports,
    passedOn,
    literals,
    uses,
    statements,
    parseError: error ? { message: error.message, line: lineAt(error.labels[0]?.start ?? 0) } : null,
  }
}

/** Where a relative import leads, from the root; null for a package or a computed path. */
function targetOf(path: string, specifier: string | null): string | null {
  if (specifier === null || !/^\.{1,2}(\/|$)/.test(specifier)) return null
  return posix.join(posix.dirname(path), specifier)
}

/** `{ type Name }` among values is erased, and with it what it would drag in. */
function isValue(specifier: ImportDeclarationSpecifier): boolean {
  return specifier.type !== 'ImportSpecifier' || specifier.importKind !== 'type'
}

function importedName(specifier: ImportDeclarationSpecifier): string {
  return specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : '*'
}

function nameOf(name: ModuleExportName): string {
  return name.type === 'Literal' ? name.value : name.name
}

/** The value of a string that is written out, or null. */
function textOf(expression: Expression): string | null {
  if (expression.type === 'Literal' && typeof expression.value === 'string') return expression.value
  if (expression.type === 'TemplateLiteral' && expression.expressions.length === 0) {
    return expression.quasis[0]?.value.cooked ?? null
  }
  return null
}

/** `a.b` or `a['b']` as `a.b`; a leading `globalThis.` is dropped. Null for anything that is not made of names. */
function dottedName(node: MemberExpression): string | null {
  const property = propertyName(node)
  if (property === null) return null
  if (node.object.type === 'Identifier') {
    return node.object.name === 'globalThis' ? property : `${node.object.name}.${property}`
  }
  if (node.object.type !== 'MemberExpression') return null
  const object = dottedName(node.object)
  return object === null ? null : `${object}.${property}`
}

function propertyName(node: MemberExpression): string | null {
  if (node.computed) return textOf(node.property)
  return node.property.type === 'Identifier' ? node.property.name : null
}

/** Offset → line, counted from 1. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
