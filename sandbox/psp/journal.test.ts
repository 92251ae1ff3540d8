import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Journal } from './journal.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-journal-'))
})
after(() => rm(directory, { recursive: true }))

async function readBack(path: string): Promise<unknown[]> {
  const records: unknown[] = []
  const journal = await Journal.open(path, (record) => records.push(record))
  await journal.close()
  return records
}

function durable(journal: Journal): Promise<void> {
  return new Promise((resolve) => journal.whenDurable(resolve))
}

test('what was called durable is in the file, in order', async () => {
  const path = join(directory, 'order.jsonl')
  const journal = await Journal.open(path, () => assert.fail('nothing to replay'))
  const told: number[] = []
  for (let n = 1; n <= 500; n++) {
    journal.append({ n })
    journal.whenDurable(() => told.push(n))
    if (n % 100 === 0) {
      await durable(journal)
      const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
      assert.equal(lines.length, n)
      assert.equal(told.length, n)
    }
  }
  await journal.close()
  const expected = Array.from({ length: 500 }, (_, index) => ({ n: index + 1 }))
  assert.deepEqual(await readBack(path), expected)
  assert.deepEqual(
    told,
    expected.map(({ n }) => n),
  )
})

test('nobody is told before the file has it: at every call back it is already there', async () => {
  const path = join(directory, 'early.jsonl')
  const journal = await Journal.open(path, () => {})
  for (let round = 0; round < 50; round++) {
    const record = { round, text: 'x'.repeat(20_000) }
    journal.append(record)
    let told = false
    const check = new Promise<string>((resolve) => {
      journal.whenDurable(() => {
        told = true
        resolve(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '')
      })
    })
    assert.equal(told, false)
    assert.equal(await check, JSON.stringify(record))
  }
  await journal.close()
})

test('a callback that writes and waits again is called too, and with nothing to wait for at once', async () => {
  const journal = await Journal.open(join(directory, 'chain.jsonl'), () => {})
  const told: string[] = []
  await new Promise<void>((resolve) => {
    journal.append({ n: 1 })
    journal.whenDurable(() => {
      told.push('first')
      journal.whenDurable(() => told.push('nothing pending'))
      journal.append({ n: 2 })
      journal.whenDurable(() => {
        told.push('second')
        resolve()
      })
    })
  })
  assert.deepEqual(told, ['first', 'nothing pending', 'second'])
  await journal.close()
})

const tornTails = ['{', '{"n":3', '{"n":3}', '{"n":3,"text":"£'] as const
for (const tail of tornTails) {
  test(`half a record at the end, ${tail}, is cut off and written over`, async () => {
    const path = join(directory, 'torn.jsonl')
    await writeFile(path, '{"n":1}\n{"n":2}\n')
    await appendFile(path, tail)
    const journal = await Journal.open(path, () => {})
    journal.append({ n: 'next' })
    await journal.close()
    assert.equal(await readFile(path, 'utf8'), '{"n":1}\n{"n":2}\n{"n":"next"}\n')
  })
}

test('a file cut at any byte gives back its whole records', async () => {
  const path = join(directory, 'cut.jsonl')
  const whole = '{"n":1}\n{"n":2}\n{"n":3}\n'
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    await writeFile(path, whole)
    await truncate(path, bytes)
    const kept = Math.floor(bytes / '{"n":1}\n'.length)
    assert.deepEqual(await readBack(path), [{ n: 1 }, { n: 2 }, { n: 3 }].slice(0, kept))
  }
})

test('damage in the middle is refused, with the line', async () => {
  const path = join(directory, 'damaged.jsonl')
  await writeFile(path, '{"n":1}\n{"n":\n{"n":3}\n')
  await assert.rejects(
    Journal.open(path, () => {}),
    /damaged\.jsonl:2 is not a record/,
  )
})
