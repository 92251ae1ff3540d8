import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { after, beforeEach, describe, test } from 'node:test'

const place = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-bin-')))
let repository = ''
let clones = 0

/** A repository with our own bin/waybill whose only dependency lies in it, so that npm needs no network. */
beforeEach(() => {
  repository = join(place, `a clone ${++clones}`)
  cpSync(join(import.meta.dirname, '..', 'bin'), join(repository, 'bin'), { recursive: true })
  write('package.json', JSON.stringify({ name: 'clone', type: 'module', dependencies: { node: 'file:packages/node' } }))
  const packages = {
    '': { name: 'clone', dependencies: { node: 'file:packages/node' } },
    'node_modules/node': { resolved: 'packages/node', link: true },
    'packages/node': { name: 'node', version: '24.0.0' },
  }
  write('package-lock.json', JSON.stringify({ name: 'clone', lockfileVersion: 3, requires: true, packages }))
  const countInstalls = "node -e \"require('fs').appendFileSync('installs', '+')\""
  write(
    'packages/node/package.json',
    JSON.stringify({ name: 'node', version: '24.0.0', scripts: { install: countInstalls } }),
  )
  write('packages/node/bin/node', `#!/bin/sh\nBY_PROJECT_NODE=yes exec '${process.execPath}' "$@"\n`)
  chmodSync(join(repository, 'packages/node/bin/node'), 0o755)
  write('server/cli.ts', cliThatTells)
})

after(() => rmSync(place, { recursive: true }))

/** Says what it was given, then does what the first argument asks. */
const cliThatTells = `
const [command, value]: string[] = process.argv.slice(2)
const told = { args: process.argv.slice(2), cwd: process.cwd(), byProjectNode: process.env['BY_PROJECT_NODE'] === 'yes' }
if (command === 'exit') process.exitCode = Number(value)
if (command === 'wait') {
  const timer = setInterval(() => {}, 1000)
  process.once('SIGTERM', () => { clearInterval(timer); process.exitCode = 7 })
}
if (command === 'die') process.kill(process.pid, 'SIGKILL')
process.stdout.write(JSON.stringify(told) + '\\n')
`

describe('bin/waybill', { concurrency: false }, () => {
  test('installs once, then hands over to the project’s own Node, called from anywhere and through a link', async () => {
    const link = join(place, 'link')
    symlinkSync(join(repository, 'bin/waybill'), link)
    const told = { args: ['hello', 'two words', '--x'], cwd: place, byProjectNode: true }

    const first = await runWaybill(['hello', 'two words', '--x'], { entry: link, cwd: place })
    assert.match(first.stderr, /installed in \d+ s/)
    assert.deepEqual({ code: first.code, told: JSON.parse(first.stdout) }, { code: 0, told })

    const second = await runWaybill(['hello', 'two words', '--x'], { cwd: place })
    assert.deepEqual(
      { ...second, stdout: JSON.parse(second.stdout) },
      { code: 0, signal: null, stderr: '', stdout: told },
    )
  })

  test('commands that start at once install once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => runWaybill(['hello'])))
    assert.deepEqual(
      all.map(({ code }) => code),
      [0, 0, 0],
    )
    assert.equal(read('packages/node/installs'), '+')
  })

  test('what package-lock.json has changed is installed again, and an install that was cut off too', async () => {
    await runWaybill(['hello'])
    const hidden = read('node_modules/.package-lock.json')
    write('node_modules/.package-lock.json', hidden.replace('"24.0.0"', '"23.0.0"'))
    assert.match((await runWaybill(['hello'])).stderr, /installed in/)
    rmSync(join(repository, 'node_modules/.package-lock.json'))
    assert.match((await runWaybill(['hello'])).stderr, /installed in/)
    assert.equal((await runWaybill(['hello'])).stderr, '')
  })

  test('an installing command that was killed holds nobody up', async () => {
    const gone = spawn(process.execPath, ['--eval', ''])
    await once(gone, 'exit')
    write('.waybill/install.lock', String(gone.pid))
    const { code, stderr } = await runWaybill(['hello'])
    assert.equal(code, 0)
    assert.match(stderr, /installed in/)
  })

  test('when npm fails it says so and runs nothing', async () => {
    write('package.json', JSON.stringify({ name: 'clone', type: 'module', dependencies: { other: '1.0.0' } }))
    const { code, stdout, stderr } = await runWaybill(['hello'])
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /waybill: npm ci failed \(exit code 1\)/)
  })

  test('the exit code is that of the command, and so is the signal that ended it', async () => {
    assert.equal((await runWaybill(['exit', '3'])).code, 3)
    assert.deepEqual(pick(await runWaybill(['die'])), { code: null, signal: 'SIGKILL' })
  })

  test('a signal is passed on and the command’s own end awaited', async () => {
    await runWaybill(['hello'])
    const child = start(['wait'])
    const ended = collect(child)
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    assert.deepEqual(pick(await ended), { code: 7, signal: null })
  })
})

interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function pick({ code, signal }: Outcome) {
  return { code, signal }
}

function runWaybill(args: readonly string[], { entry = '', cwd = place } = {}): Promise<Outcome> {
  return collect(start(args, { entry, cwd }))
}

function start(args: readonly string[], { entry = '', cwd = place } = {}) {
  const program = entry === '' ? join(repository, 'bin/waybill') : entry
  return spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function collect(child: ReturnType<typeof start>): Promise<Outcome> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ])
  return { code, signal, stdout, stderr }
}

function read(path: string): string {
  return readFileSync(join(repository, path), 'utf8')
}

function write(path: string, content: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true })
  writeFileSync(join(repository, path), content)
}
