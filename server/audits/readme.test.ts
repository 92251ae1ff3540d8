import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readPredicates } from '../platform/audits/predicates.ts'

test('the README lists every predicate with its invariant and what it means', () => {
  const rows = readPredicates()
    .toSorted((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))
    .map(({ name, number, keeper, meaning }) => `| ${number} ${keeper} | [${name}](${name}.sql) | ${meaning} |`)
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  assert.deepEqual(
    readme.split('\n').filter((line) => /^\| \d/.test(line)),
    rows,
  )
})

test('a predicate ends as a sentence begins, so that its name and its meaning can be read out', () => {
  for (const { name, meaning, cause, lookAt } of readPredicates()) {
    for (const text of [meaning, cause, lookAt]) assert.match(text, /[^.]\.$/, name)
    assert.match(meaning, /^[A-Z]/, name)
    assert.match(cause, /^[a-z]/, name)
  }
})
