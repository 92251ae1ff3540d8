import { posix } from 'node:path'
import type { Rule } from './tree.ts'

const glossary = 'docs/glossary.md'
const decisions = 'docs/decisions'

export const docRules: readonly Rule[] = [
  {
    name: 'glossary',
    asks: 'The glossary is in alphabetical order, defines each word once, and every word it slants.',
    *find({ files }) {
      const lines = (files.get(glossary) ?? '').split('\n').map((text, index) => ({ text, line: index + 1 }))
      const defined = new Set<string>()
      let before = ''
      for (const { text, line } of lines) {
        const word = /^\*\*([^*]+)\*\*/.exec(text)?.[1]
        if (word === undefined) continue
        const order = word.localeCompare(before, 'en', { sensitivity: 'base' })
        if (order === 0) yield { path: glossary, line, sentence: `"${word}" is defined twice` }
        else if (order < 0) yield { path: glossary, line, sentence: `"${word}" comes before "${before}"` }
        before = word
        for (const part of word.toLowerCase().split(', ')) defined.add(part).add(`${part}s`)
      }
      for (const { text, line } of lines) {
        if (!text.startsWith('**')) continue
        for (const [, word = ''] of text.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)) {
          if (!defined.has(word.toLowerCase())) yield { path: glossary, line, sentence: `"${word}" is not defined` }
        }
      }
    },
  },
  {
    name: 'decision',
    asks: 'Decisions are numbered without gaps, one number each, and listed in docs/decisions/README.md.',
    *find({ files }) {
      const index = files.get(`${decisions}/README.md`) ?? ''
      let expected = 1
      for (const path of [...files.keys()].toSorted()) {
        const name = posix.basename(path)
        if (posix.dirname(path) !== decisions || name === 'README.md') continue
        const number = /^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md$/.exec(name)?.[1]
        if (number === undefined) yield { path, line: 1, sentence: 'a decision is named 0001-what-was-decided.md' }
        else if (Number(number) !== expected) {
          yield { path, line: 1, sentence: `the next number is ${String(expected).padStart(4, '0')}` }
        }
        if (number !== undefined) expected = Number(number) + 1
        if (!index.includes(`(${name})`)) yield { path, line: 1, sentence: `is not listed in ${decisions}/README.md` }
      }
    },
  },
  {
    name: 'doc-link',
    asks: 'A relative link leads to a file of the repository.',
    *find({ files }) {
      for (const [path, text] of files) {
        if (!path.endsWith('.md')) continue
        for (const [index, line] of withoutCode(text).split('\n').entries()) {
          for (const [, link = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
            const [file = ''] = link.split('#', 1)
            if (file === '' || /^([a-z]+:|\/)/.test(file)) continue
            const target = posix.join(posix.dirname(path), file)
            const isThere =
              files.has(target) || [...files.keys()].some((other) => other.startsWith(posix.join(target, '/')))
            // Only kinds of files that are read can be judged.
            if (!isThere && /(\.(md|ts|sql)|\/[^/.]*)$/.test(target))
              yield { path, line: index + 1, sentence: `${link} leads nowhere` }
          }
        }
      }
    },
  },
]

/** Blanks fenced blocks and code spans, keeping the lines. */
function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ' '))
}
