import { posix } from 'node:path'
import { emptyNames, fileLinesMax, readmeHeadings, roomOf, rooms } from './house.ts'
import type { Rule } from './tree.ts'

export const nameRules: readonly Rule[] = [
  {
    name: 'parses',
    asks: 'Every source file can be parsed.',
    *find({ sources }) {
      for (const { path, parseError } of sources.values()) {
        if (parseError) yield { path, line: parseError.line, sentence: parseError.message }
      }
    },
  },
  {
    name: 'empty-name',
    asks: 'No folder or file is called utils, helpers, common, core or managers.',
    *find({ files }) {
      const told = new Set<string>()
      for (const path of files.keys()) {
        const parts = path.split('/')
        for (const [depth, part] of parts.entries()) {
          const end = parts.slice(0, depth + 1).join('/')
          const name = depth === parts.length - 1 ? part.replace(/\..*$/, '') : part
          if (!emptyNames.includes(name) || told.has(end)) continue
          told.add(end)
          yield { path, line: 1, sentence: `"${name}" says nothing about what is inside` }
        }
      }
    },
  },
  {
    name: 'file-name',
    asks: 'Source files are named in kebab-case with at most a layer suffix: .sql, .http, .events, .refusals, and .test.',
    *find({ sources, files }) {
      for (const path of sources.keys()) {
        const name = posix.basename(path)
        if (!sourceName.test(name)) {
          yield {
            path,
            line: 1,
            sentence: `${name} is not kebab-case with at most .sql, .http, .events or .refusals and .test`,
          }
        } else if (
          /\.(sql|http|events|refusals)\.ts$/.test(name) &&
          roomOf(path) === null &&
          !path.startsWith('server/platform/')
        ) {
          yield { path, line: 1, sentence: 'this suffix is for rooms and the platform' }
        }
      }
      const pathByNumber = new Map<string, string>()
      for (const path of files.keys()) {
        const name = posix.basename(path)
        if (path.startsWith('server/audits/') && path.endsWith('.sql') && !auditName.test(name)) {
          yield { path, line: 1, sentence: 'an audit is named by its sentence in kebab-case' }
        }
        if (!path.startsWith('server/migrations/') || !path.endsWith('.sql')) continue
        if (!migrationName.test(name)) yield { path, line: 1, sentence: 'a migration is named 0001_what_it_does.sql' }
        const number = name.slice(0, 4)
        const other = pathByNumber.get(number)
        if (other !== undefined) yield { path, line: 1, sentence: `the number ${number} is taken by ${other}` }
        pathByNumber.set(number, path)
      }
    },
  },
  {
    name: 'file-length',
    asks: `A file of a room has at most ${fileLinesMax} lines.`,
    *find({ sources }) {
      for (const { path, lineCount } of sources.values()) {
        if (roomOf(path) === null || lineCount <= fileLinesMax) continue
        yield { path, line: fileLinesMax + 1, sentence: `${lineCount} lines; at most ${fileLinesMax}` }
      }
    },
  },
  {
    name: 'room-readme',
    asks: `Every room has a README.md with the headings ${readmeHeadings.join(', ')}.`,
    *find({ files }) {
      const present = new Set([...files.keys()].map(roomOf))
      for (const room of Object.keys(rooms)) {
        if (!present.has(room)) continue
        const path = `server/modules/${room}/README.md`
        const text = files.get(path)
        if (text === undefined) {
          yield { path, line: 1, sentence: 'is missing' }
          continue
        }
        const headings = new Set([...text.matchAll(/^##+ +(.*?) *$/gm)].map(([, heading]) => heading))
        for (const heading of readmeHeadings) {
          if (!headings.has(heading)) yield { path, line: 1, sentence: `the heading "${heading}" is missing` }
        }
      }
    },
  },
]

const sourceName =
  /^[a-z0-9]+(-[a-z0-9]+)*((\.(sql|http|events|refusals))?(\.test)?\.(ts|tsx)|(\.test)?\.(mjs|js)|\.d\.ts)?$/
const migrationName = /^\d{4}_[a-z0-9]+(_[a-z0-9]+)*\.sql$/
const auditName = /^[a-z0-9]+([-_][a-z0-9]+)*\.sql$/
