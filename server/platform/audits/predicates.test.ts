import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePredicate, readPredicates } from './predicates.ts'

const whole = `-- What it means,
-- told over two lines.
--
-- Invariant: 12 T
-- Given: book (reference text, amount_minor bigint)
-- Cause: somebody forgot.
-- Look at: the row.

select 'order ' || id as object,

       '{}'::jsonb as detail from book
`

test('a predicate is read from its file', () => {
  assert.deepEqual(parsePredicate('a-sentence', whole), {
    name: 'a-sentence',
    meaning: 'What it means, told over two lines.',
    number: 12,
    keeper: 'T',
    cause: 'somebody forgot.',
    lookAt: 'the row.',
    given: { table: 'book', columns: 'reference text, amount_minor bigint' },
    text: `select 'order ' || id as object,\n\n       '{}'::jsonb as detail from book`,
  })
})

const broken = [
  ['without a comment first', whole.replace('-- What', 'What'), 'a comment first'],
  ['without its invariant', whole.replace('-- Invariant: 12 T\n', ''), 'the field Invariant'],
  ['with a letter that means nothing', whole.replace('12 T', '12 X'), 'an invariant such as 1 K'],
  ['without a cause', whole.replace('-- Cause: somebody forgot.\n', ''), 'the field Cause'],
  ['without where to look', whole.replace('-- Look at: the row.\n', ''), 'the field Look at'],
  ['with a field that runs on', whole.replace('the row.', 'the row\n-- and the other.'), 'a field in "and the other."'],
  ['with a given that is no table', whole.replace('book (', 'book '), 'a table and its columns'],
] as const
for (const [what, file, message] of broken) {
  test(`a predicate ${what} is refused`, () => {
    assert.throws(() => parsePredicate('a-sentence', file), { message: `missing: a-sentence: ${message}` })
  })
}

test('every predicate of the house can be read', () => {
  assert.ok(readPredicates().length >= 39)
})
