import { posix } from 'node:path'
import {
  emptyNames,
  impureKernelNames,
  isAt,
  isServerCode,
  isWorkshop,
  layers,
  mayOpen,
  packageHomes,
  pureFile,
  purePackages,
  roomOf,
  rooms,
} from './house.ts'
import type { Import, Rule, Source, Tree } from './tree.ts'

type Finding = ReturnType<Rule['find']> extends Iterable<infer Found> ? Found : never

export const doorRules: readonly Rule[] = [
  {
    name: 'room-door',
    asks: 'A room is entered through its index.ts; adapters may also read the types of its ports.ts.',
    *find(tree) {
      for (const { path, at, room, file } of roomImports(tree)) {
        if (roomOf(path) === room) {
          if (file === 'index.ts' && !isWorkshop(path)) {
            yield { path, line: at.line, sentence: `a file of ${room} imports its own door: import the file it needs` }
          }
        } else if (file !== 'index.ts' && !(file === 'ports.ts' && layerOf(path)?.name === 'adapters')) {
          yield { path, line: at.line, sentence: `${room} is entered through its index.ts, not ${file}` }
        }
      }
    },
  },
  {
    name: 'room-may-open',
    asks: 'A room opens only the rooms in its row of the house.',
    *find(tree) {
      for (const { path, at, room } of roomImports(tree)) {
        const opener = roomOf(path)
        if (opener === null || isWorkshop(path) || mayOpen(opener, room)) continue
        yield { path, line: at.line, sentence: `${opener} may not open ${room}` }
      }
    },
  },
  {
    name: 'layer',
    asks: 'Every source file lies in a layer of the house and imports only the layers that one opens.',
    *find(tree) {
      for (const { path, imports } of tree.sources.values()) {
        const layer = layerOf(path)
        if (!layer) {
          yield { path, line: 1, sentence: 'lies in no layer of the house' }
          continue
        }
        if (isWorkshop(path)) continue
        for (const at of imports) {
          const opened = at.target === null ? null : layerOf(at.target)
          if (!opened || layer.opens.includes(opened.name)) continue
          if (opened.name === 'rooms' && layer.opens.includes('room types')) {
            if (!at.typeOnly) yield { path, line: at.line, sentence: `${layer.name} take only types from rooms` }
          } else yield { path, line: at.line, sentence: `${layer.name} may not import ${opened.name}` }
        }
      }
    },
  },
  {
    name: 'pure-file',
    asks: 'decide-*, plan-* and price-* import only types, the kernel, and what is as pure: of their room, or by a door.',
    *find(tree) {
      const inspect = inspector(tree)
      for (const source of tree.sources.values()) {
        const { path } = source
        if (roomOf(path) === null || !pureFile.test(path)) continue
        for (const { line, by, where, what } of inspect(source)) {
          yield { path, line, sentence: by === null ? what : `${by} is not pure: ${where} ${what}` }
        }
      }
    },
  },
  {
    name: 'package-home',
    asks: 'The database driver, the job queue and the HTTP client are imported in their homes only.',
    *find(tree) {
      for (const { path, imports } of tree.sources.values()) {
        if (path.endsWith('.test.ts')) continue
        for (const { specifier, target, line } of imports) {
          if (specifier === null || target !== null) continue
          const homes = packageHomes[packageOf(specifier)]
          if (homes && !isAt(path, homes))
            yield { path, line, sentence: `${specifier} is at home in ${homes.join(', ')}` }
        }
      }
    },
  },
  {
    name: 'import-path',
    asks: 'A relative import names a file with its extension; on the server none is computed.',
    *find(tree) {
      for (const { path, imports } of tree.sources.values()) {
        for (const { specifier, target, line } of imports) {
          if (specifier === null) {
            if (isServerCode(path)) {
              yield { path, line, sentence: 'a computed import cannot be checked: write the path out' }
            }
          } else if (target !== null && !/\.(ts|tsx|mts|js|mjs|cjs|json|css|svg|sql)$/.test(target)) {
            yield { path, line, sentence: `'${specifier}' lacks its extension, for example .ts` }
          }
        }
      }
    },
  },
  {
    name: 'import-cycle',
    asks: 'Files do not import each other in a circle (types, which are erased, aside).',
    find: findCycles,
  },
  {
    name: 'known-room',
    asks: 'server/modules holds the rooms of the house, each with a door, and nothing else.',
    *find(tree) {
      const entered = new Set<string>()
      for (const path of tree.files.keys()) {
        if (!path.startsWith('server/modules/')) continue
        const room = roomOf(path)
        if (room === null) {
          if (!path.endsWith('.md')) yield { path, line: 1, sentence: 'belongs to no room' }
        } else if (!entered.has(room)) {
          entered.add(room)
          if (!(room in rooms)) {
            // The empty names have a rule of their own.
            if (!emptyNames.includes(room)) yield { path, line: 1, sentence: `${room} is not a room of the house` }
          } else if (!tree.files.has(`server/modules/${room}/index.ts`)) {
            yield { path, line: 1, sentence: `${room} has no door: index.ts is missing` }
          }
        }
      }
    },
  },
]

/** A test lies in the layer of what it tests. */
function layerOf(path: string): { readonly name: string; readonly opens: readonly string[] } | undefined {
  const tested = path.replace(/\.test\.ts$/, '.ts')
  return layers.find(({ places }) => isAt(tested, places))
}

/** Every import of a file that lies in some room, seen from whoever imports it. */
function* roomImports(tree: Tree): Iterable<{ path: string; at: Import; room: string; file: string }> {
  for (const { path, imports } of tree.sources.values()) {
    for (const at of imports) {
      const room = at.target === null ? null : roomOf(`${at.target}/`)
      if (at.target === null || room === null) continue
      yield { path, at, room, file: at.target.slice(`server/modules/${room}/`.length) }
    }
  }
}

/** `node:fs/promises` → `node:fs`, `@fastify/swagger/x` → `@fastify/swagger`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

const impureUse =
  /^(process\.|(fetch|setTimeout|setInterval|setImmediate|queueMicrotask)\(\)$|crypto\.|performance\.|console\.|new Date\(\)$|Date\.now$|Date\(\)$|Math\.random$|Temporal\.Now$)/

interface Impurity {
  readonly line: number
  /** What the file imports that brings the impurity in; null when it is the file's own. */
  readonly by: string | null
  readonly where: string
  readonly what: string
}

/** Finds what makes a file impure, followed through the files it imports. */
function inspector({ sources }: Tree): (source: Source) => Iterable<Impurity> {
  const firsts = new Map<string, Impurity | null>()

  const firstOf = (path: string): Impurity | null => {
    const known = firsts.get(path)
    if (known !== undefined) return known
    firsts.set(path, null) // a circle is as pure as the rest of it
    const source = sources.get(path)
    const [first = null] = source ? inspect(source) : []
    firsts.set(path, first)
    return first
  }

  function* inspect({ path, imports, uses }: Source): Iterable<Impurity> {
    const own = { by: null, where: path }
    for (const { typeOnly, target, specifier, names, line } of imports) {
      if (typeOnly) continue
      if (target === null) {
        if (specifier === null || purePackages.includes(packageOf(specifier))) continue
        yield { ...own, line, what: `imports the package ${specifier}` }
      } else if (target.startsWith('server/kernel/')) {
        const impure = names.find((name) => impureKernelNames.includes(name))
        if (impure !== undefined) yield { ...own, line, what: `draws on chance by ${impure}` }
      } else if (roomOf(target) === null) {
        yield { ...own, line, what: `imports ${target}` }
      } else if (roomOf(target) === roomOf(path)) {
        const first = firstOf(target)
        if (first) yield { ...first, line, by: posix.basename(target) }
      } else {
        for (const name of names) {
          const home = sources.get(target)?.passedOn.get(name)
          const first = home === undefined ? null : firstOf(home)
          if (home === undefined)
            yield { ...own, line, what: `takes ${name}, which ${target} does not pass on by name` }
          else if (first) yield { ...first, line, by: name }
        }
      }
    }
    for (const { name, line } of uses) {
      if (impureUse.test(name)) yield { ...own, line, what: `uses ${name}` }
    }
  }
  return inspect
}

/** One finding for each circle, at the import that closes it in the file whose path sorts first. */
function* findCycles({ sources }: Tree): Iterable<Finding> {
  const next = (path: string): { target: string; line: number }[] =>
    (sources.get(path)?.imports ?? []).flatMap(({ target, typeOnly, line }) =>
      target !== null && !typeOnly && sources.has(target) ? [{ target, line }] : [],
    )
  for (const circle of circlesOf([...sources.keys()].toSorted(), next)) {
    const [path = ''] = circle
    const members = new Set(circle)
    const { line } = next(path).find(({ target }) => members.has(target)) ?? { line: 1 }
    const others = circle.slice(1).join(', ')
    yield { path, line, sentence: others === '' ? 'imports itself' : `imports itself by way of ${others}` }
  }
}

/** Strongly connected components with a circle in them (Tarjan 1972), each sorted by path. */
function circlesOf(paths: readonly string[], next: (path: string) => readonly { target: string }[]): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const circles: string[][] = []

  const visit = (path: string): number => {
    const index = order.size
    order.set(path, index)
    low.set(path, index)
    stack.push(path)
    onStack.add(path)
    let lowest = index
    let importsItself = false
    for (const { target } of next(path)) {
      if (target === path) importsItself = true
      if (!order.has(target)) lowest = Math.min(lowest, visit(target))
      else if (onStack.has(target)) lowest = Math.min(lowest, low.get(target) ?? lowest)
      low.set(path, lowest)
    }
    if (lowest === index) {
      const members = stack.splice(stack.indexOf(path))
      for (const member of members) onStack.delete(member)
      if (members.length > 1 || importsItself) circles.push(members.toSorted())
    }
    return lowest
  }
  for (const path of paths) if (!order.has(path)) visit(path)
  return circles
}
