/**
 * Runs the tests: one PostgreSQL for all of them, one migrated template database, each test file on copies of its own.
 *
 *   node tools/test.ts [PART OF A PATH…]      only files whose path contains one of the parts
 *
 * WAYBILL_TEST_DATABASE_URL names a real server to run on; without it an embedded one is started and thrown away.
 * The counts are always the last thing printed.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve, sep } from 'node:path'
import process from 'node:process'
import { finished } from 'node:stream/promises'
import { run, type EventData } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { must } from '../server/kernel/invariant.ts'
import { openTestServer } from '../test/support/server.ts'

/** Tests wait for the database half of their time: one file more than processors keeps both busy. */
const CONCURRENCY = availableParallelism() + 1
/** Of one file. The slowest, the races and the faults, take a minute on two processors. */
const FILE_TIMEOUT_MS = 240_000

const root = resolve(import.meta.dirname, '..')
const exitCodeBySignal = { SIGINT: 130, SIGTERM: 143 } as const

/** @returns the exit code: 0 all passed, 1 some failed, 2 nothing to run, 130 or 143 ended by a signal */
async function main(parts: readonly string[]): Promise<number> {
  const files = findTestFiles(parts)
  if (files.length === 0) {
    process.stderr.write(
      parts.length === 0 ? 'There are no tests.\n' : `No test's path contains ${parts.join(' or ')}.\n`,
    )
    return 2
  }
  const interruption = new AbortController()
  let exitCode = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      exitCode = exitCodeBySignal[signal]
      interruption.abort()
    })
  }
  const startedAt = performance.now()
  const server = await openTestServer(process.env['WAYBILL_TEST_DATABASE_URL'])
  try {
    const readyAfterS = ((performance.now() - startedAt) / 1000).toFixed(1)
    process.stdout.write(`${server.version} is ready after ${readyAfterS} s; test files: ${files.length}\n`)
    process.env['WAYBILL_TEST_SERVER_URL'] = server.url
    process.env['WAYBILL_TEST_TEMPLATE'] = server.template
    const passed = await runFiles(files, interruption.signal)
    return exitCode || (passed ? 0 : 1)
  } finally {
    await server.close()
  }
}

function findTestFiles(parts: readonly string[]): string[] {
  return globSync('{bin,server,sandbox,bench,tools,test}/**/*.test.ts', { cwd: root })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .toSorted()
    .map((path) => resolve(root, path))
}

/** @returns whether every test passed */
async function runFiles(files: string[], signal: AbortSignal): Promise<boolean> {
  const tests = run({ files, cwd: root, concurrency: CONCURRENCY, timeout: FILE_TIMEOUT_MS, signal })
  let summary: EventData.TestSummary | undefined
  tests.on('test:summary', (ofRunOrFile) => {
    if (ofRunOrFile.file === undefined) summary = ofRunOrFile
  })
  const report = new spec()
  tests.pipe(report).pipe(process.stdout, { end: false })
  await finished(report)
  const { counts, success, duration_ms } = must(summary, 'a summary of the run')
  // The report puts what failed after the counts; whoever reads the end of a long log looks for the counts.
  if (!success) process.stdout.write(renderCounts(counts, duration_ms))
  return success && counts.tests > 0
}

/** As node's own reporter writes them. */
function renderCounts(counts: EventData.TestSummary['counts'], durationMs: number): string {
  const { tests, suites, passed, cancelled, skipped, todo } = counts
  const fail = tests - passed - cancelled - skipped - todo
  const rows = Object.entries({ tests, suites, pass: passed, fail, cancelled, skipped, todo, duration_ms: durationMs })
  return ['', ...rows.map(([name, value]) => `ℹ ${name} ${value}`), ''].join('\n')
}

if (import.meta.main) process.exitCode = await main(parseArgs({ allowPositionals: true }).positionals)
