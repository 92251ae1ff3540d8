import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const redocly = join(dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')), 'bin/cli.js')

interface Linted {
  readonly problems: readonly { readonly ruleId: string; readonly message: string; readonly severity: string }[]
}

/** Judges a description by redocly.yaml; telemetry and looking for a newer version would leave the machine. */
function lint(path: string): Promise<Linted> {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const args = [redocly, 'lint', path, '--config', join(root, 'redocly.yaml'), '--format', 'json']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env, cwd: root, maxBuffer: 1e8 }, (error, stdout) => {
      if (stdout === '') reject(error ?? new Error('the linter said nothing'))
      else resolve(JSON.parse(stdout) as Linted)
    })
  })
}

test('the API description is sound by the rules of redocly.yaml, and a broken one is not', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-openapi-'))
  try {
    const sound = join(root, 'docs/openapi.json')
    const document = JSON.parse(readFileSync(sound, 'utf8')) as { paths: Record<string, Record<string, object>> }
    document.paths['/v1/store/{missing}'] = { get: { responses: { 200: {} } } }
    const broken = join(directory, 'openapi.json')
    writeFileSync(broken, JSON.stringify(document))
    const [of, ofBroken] = await Promise.all([lint(sound), lint(broken)])
    assert.deepEqual(of.problems, [])
    assert.ok(ofBroken.problems.some(({ ruleId }) => ruleId === 'path-parameters-defined'))
  } finally {
    await rm(directory, { recursive: true })
  }
})
