import { clockHomes, consoleHomes, environmentHomes, isAt, isServerCode } from './house.ts'
import type { Rule, Source, Tree } from './tree.ts'

/** What code reaches for without being handed it: environment, clock, chance, the terminal. */
export const ambientRules: readonly Rule[] = [
  {
    name: 'environment',
    asks: 'The environment is read in main.ts; everybody else is handed a Config.',
    *find(tree) {
      for (const source of serverSources(tree, environmentHomes)) {
        const { path } = source
        for (const { name, line } of source.uses) {
          if (name === 'process.env') yield { path, line, sentence: 'process.env is read in server/main.ts' }
        }
        for (const { specifier, names, line } of source.imports) {
          if (isProcess(specifier) && names.includes('env')) {
            yield { path, line, sentence: 'process.env is read in server/main.ts' }
          }
        }
      }
    },
  },
  {
    name: 'ambient-clock',
    asks: 'Business code is handed time and chance; it asks neither the machine nor Math.random.',
    *find(tree) {
      for (const { path, uses } of serverSources(tree, clockHomes)) {
        for (const { name, line } of uses) {
          if (ambientClock.test(name))
            yield { path, line, sentence: `${name} is ambient: take the time or the seed as a value` }
        }
      }
    },
  },
  {
    name: 'console',
    asks: 'The server speaks through its logger.',
    *find(tree) {
      for (const { path, uses } of serverSources(tree, consoleHomes)) {
        for (const { name, line } of uses) {
          if (name.startsWith('console.')) yield { path, line, sentence: `${name}: use the logger` }
        }
      }
    },
  },
]

const ambientClock = /^(Date\.now|new Date\(\)|Date\(\)|Math\.random|performance\.now|Temporal\.Now|process\.hrtime)$/

function isProcess(specifier: string | null): boolean {
  return specifier === 'node:process' || specifier === 'process'
}

function serverSources({ sources }: Tree, homes: readonly string[]): Source[] {
  return [...sources.values()].filter(({ path }) => isServerCode(path) && !isAt(path, homes))
}
