import { parseArgs } from 'node:util'
import { resolve } from 'node:path'
import { ambientRules } from './tidy/ambient.ts'
import { docRules } from './tidy/docs.ts'
import { doorRules } from './tidy/doors.ts'
import { nameRules } from './tidy/names.ts'
import { sqlRules } from './tidy/sql.ts'
import { parseTree, readFiles, type Files, type Finding, type Rule } from './tidy/tree.ts'

/** Every rule of the house; the data they read is in tidy/house.ts. */
export const rules: readonly Rule[] = [...nameRules, ...doorRules, ...sqlRules, ...ambientRules, ...docRules]

/** Everything in the tree that breaks a rule, by path and line. */
export function findUntidy(files: Files): Finding[] {
  const tree = parseTree(files)
  const findings = rules.flatMap((rule) => [...rule.find(tree)].map((found) => ({ ...found, rule: rule.name })))
  return findings.toSorted((a, b) => compare(a.path, b.path) || a.line - b.line || compare(a.rule, b.rule))
}

export function renderFinding({ path, line, rule, sentence }: Finding): string {
  return `${path}:${line} ${rule}: ${sentence}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const usage = `usage: node tools/tidy.ts [--rules] [ROOT]

Checks the repository at ROOT (this one by default) against the rules of the house.
Prints one line a finding, "file:line rule: sentence", and exits 1 when there is one.

  --rules   print what each rule asks for
  --help    print this text
`

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rules: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(usage)
  if (values.rules) {
    for (const { name, asks } of rules) process.stdout.write(`${name.padEnd(18)} ${asks}\n`)
    return
  }
  const findings = findUntidy(readFiles(resolve(positionals[0] ?? `${import.meta.dirname}/..`)))
  for (const finding of findings) process.stdout.write(`${renderFinding(finding)}\n`)
  if (findings.length > 0) process.exitCode = 1
}

if (import.meta.main) main()
