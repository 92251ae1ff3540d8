import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.ts'
import { startCluster } from './support/cluster.ts'

/** `npm run bench -- SCENARIO --json`: measures on this machine and prints one JSON object. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    concurrency: { type: 'string' },
    quick: { type: 'boolean', default: false },
    file: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const [name] = positionals
const scenario = name === undefined || !Object.hasOwn(scenarios, name) ? undefined : scenarios[name]
if (values.help || scenario === undefined) {
  process.stdout.write(
    `Usage: waybill bench SCENARIO [--json] [--seconds N] [--concurrency N,N] [--quick] [--file FILE]\n\n`,
  )
  for (const [each, { about }] of Object.entries(scenarios)) process.stdout.write(`  ${each.padEnd(22)}${about}\n`)
  process.exit(values.help || name === undefined ? 0 : 2)
}

const log = (message: string): void => void process.stderr.write(`${message}\n`)
const cluster = await startCluster(log)
try {
  const figures = await scenario.run({
    cluster,
    log,
    seconds: values.seconds === undefined ? undefined : Number(values.seconds),
    concurrencies: values.concurrency?.split(',').map(Number),
    quick: values.quick,
    file: values.file,
  })
  const result = {
    scenario: name,
    quick: values.quick,
    figures,
    machine: {
      processors: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      postgres: cluster.version,
    },
    commit: commit(),
    measuredAt: new Date().toISOString(),
  }
  process.stdout.write(`${values.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`)
} finally {
  await cluster.stop()
}

/** The commit that was measured, marked when the tree differs from it. */
function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], { encoding: 'utf8' }).trim()
  } catch {
    // A copy without its history can still be measured.
    return 'unknown'
  }
}
