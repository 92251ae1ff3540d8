import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addMs, instantFromMs } from '../../kernel/time.ts'
import { ImportProgress, renderProgress } from './import-progress.ts'

// oxfmt-ignore
const states = [
  // lines    done     new      orders  seconds  what is told
  [10_000,    0,       0,       0,      0,       '0 %, 0 of 10,000 lines, 0 orders/s, 0 lines/s'],
  [10_000,    2_500,   2_500,   100,    2,       '25 %, 2,500 of 10,000 lines, 50 orders/s, 1,250 lines/s, 6 s left'],
  // Going on: the rate is this command's own.
  [10_000,    9_000,   500,     10,     1,       '90 %, 9,000 of 10,000 lines, 10 orders/s, 500 lines/s, 2 s left'],
  [541_909,   541_908, 541_908, 19_785, 60,      '99 %, 541,908 of 541,909 lines, 330 orders/s, 9,032 lines/s, 0 s left'],
  [541_909,   1_000,   1_000,   40,     1,       '0 %, 1,000 of 541,909 lines, 40 orders/s, 1,000 lines/s, 9 min 1 s left'],
  [0,         0,       0,       0,      1,       '0 %, 0 of 0 lines, 0 orders/s, 0 lines/s'],
] as const

for (const [lineCount, doneLines, newLines, newOrders, seconds, told] of states) {
  test(told, () => {
    assert.equal(renderProgress({ lineCount, doneLines, newLines, newOrders, elapsedMs: seconds * 1_000 }), told)
  })
}

const begin = instantFromMs(0)
const batch = { lineCount: 10, orderCount: 1 }

function progressSaidTo(said: string[], isTerminal: boolean): ImportProgress {
  const say = (line: string): void => void said.push(line)
  return new ImportProgress({ say, isTerminal }, { lineCount: 100, doneLines: 50, at: begin })
}

test('a person who watches sees every batch, on one line', () => {
  const said: string[] = []
  const progress = progressSaidTo(said, true)
  progress.add(batch, addMs(begin, 100))
  progress.add(batch, addMs(begin, 200))
  assert.deepEqual(said, [
    '60 %, 60 of 100 lines, 10 orders/s, 100 lines/s, 0 s left',
    '\u001b[1A\u001b[2K70 %, 70 of 100 lines, 10 orders/s, 100 lines/s, 0 s left',
  ])
})

test('a log gets a line every five seconds', () => {
  const said: string[] = []
  const progress = progressSaidTo(said, false)
  for (const ms of [1_000, 4_999, 5_000, 9_999]) progress.add(batch, addMs(begin, ms))
  assert.deepEqual(said, ['80 %, 80 of 100 lines, 1 orders/s, 6 lines/s, 3 s left'])
})
