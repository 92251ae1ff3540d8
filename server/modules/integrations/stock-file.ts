import { must } from '../../kernel/invariant.ts'
import { addMs, formatInstant, MINUTE_MS, parseInstant, type Instant } from '../../kernel/time.ts'
import { findVariants, readSkus } from '../catalog/index.ts'
import {
  findLocation,
  readCountedPage,
  takeCountMoment,
  type CountEntry,
  type CountMeaning,
  type CountResult,
  type LocationBook,
} from '../inventory/index.ts'
import { RowReader, textIn, type FileRow } from './cell.ts'
import { accepted, refusedRow, type FileDeps, type FileKind, type FilePart, type RowOutcome } from './file-kind.ts'

/** The door takes 1,000 at most, all in one transaction. */
const ROWS_PER_PART = 500
const PLACES_PER_PAGE = 500
const UNITS_MAX = 100_000_000
const AHEAD_MAX_MS = 5 * MINUTE_MS
const dispositions = ['sellable', 'refurbish', 'scrap', 'vendor', 'quarantine'] as const

interface StockRow {
  readonly row: FileRow
  readonly subject: string
  readonly entry: CountEntry
  readonly asOf: Instant
  readonly meaning: CountMeaning
}

/** What was counted where, or is to be so. What happened since the count is kept: counts merge by their moment. */
export const stockFile: FileKind = {
  name: 'stock',
  columns: [
    { name: 'sku', about: 'What was counted.', required: true, code: true },
    { name: 'location', about: "The location's code, or its id.", required: true, code: true },
    { name: 'quantity', about: 'Whole units.', required: true },
    { name: 'disposition', about: `${dispositions.map((word) => `\`${word}\``).join(', ')}; empty: sellable.` },
    {
      name: 'counted_at',
      about:
        'RFC 3339, such as `2026-11-22T13:00:00Z`; empty: when the file is handed in. What came and went after it is kept.',
    },
    {
      name: 'meaning',
      about: '`physical`: everything on the shelf. `sellable`: without what was put aside for orders. Empty: physical.',
    },
  ],
  rowsPerPart: ROWS_PER_PART,
  placeOf(row) {
    const [sku = '', location = ''] = [textIn(row, 'sku'), textIn(row, 'location')]
    const disposition = textIn(row, 'disposition') ?? ''
    const subject = subjectOf(sku, location, disposition)
    return {
      group: null,
      key: `${sku}\n${location}\n${disposition === '' ? 'sellable' : disposition}`,
      stage: 0,
      subject,
    }
  },
  taking: {
    kind: 'named',
    async take(deps, part) {
      const skus = new Set(part.rows.map((row) => textIn(row, 'sku') ?? ''))
      const [variants, locations] = await Promise.all([
        findVariants(deps.db, [...skus]),
        deps.rooms.inventory.currentLocations(),
      ])
      const read = part.rows.map((row) => readStockRow(row, { variants, locations, receivedAt: part.receivedAt }))
      const outcomes = read.flatMap((each) => ('outcome' in each ? [each] : []))
      const counts = Map.groupBy(
        read.flatMap((each) => ('entry' in each ? [each] : [])),
        ({ asOf, meaning }) => `${formatInstant(asOf)} ${meaning}`,
      )
      // One after the other: counts of one place are merged in the order of the file.
      for (const [name, rows] of counts) outcomes.push(...(await takeRows(deps, part, { name, rows })))
      return outcomes
    },
  },
  async *walk({ db, rooms }) {
    yield [['sku', 'location', 'quantity', 'disposition', 'counted_at']]
    const countedAt = await takeCountMoment(db)
    const { byId } = await rooms.inventory.currentLocations()
    let after: Awaited<ReturnType<typeof readCountedPage>>['last'] = null
    for (;;) {
      const page: Awaited<ReturnType<typeof readCountedPage>> = await readCountedPage(db, {
        countedAt,
        after,
        limit: PLACES_PER_PAGE,
      })
      const skus = await readSkus(db, [...new Set(page.places.map(({ variantId }) => variantId))])
      yield page.places.map(({ variantId, locationId, disposition, units }) => [
        must(skus.get(variantId), 'the SKU of a variant, of which none is ever deleted'),
        must(byId.get(locationId), 'a location, of which none is ever deleted').code,
        String(units),
        disposition,
        formatInstant(countedAt),
      ])
      if (page.last === null) return
      after = page.last
    }
  },
}

function readStockRow(
  row: FileRow,
  {
    variants,
    locations,
    receivedAt,
  }: {
    readonly variants: ReadonlyMap<string, { readonly stocked: boolean }>
    readonly locations: LocationBook
    readonly receivedAt: Instant
  },
): StockRow | RowOutcome {
  const reader = new RowReader(row)
  const sku = reader.required('sku')
  const location = reader.required('location')
  reader.required('quantity')
  const quantity = reader.integer('quantity', { min: 0, max: UNITS_MAX })
  const disposition = reader.word('disposition', dispositions) ?? 'sellable'
  const meaning = reader.word('meaning', ['physical', 'sellable']) ?? 'physical'
  const asOf = readMoment(reader, receivedAt)
  const variant = variants.get(sku)
  if (sku !== '' && variant === undefined) reader.refuse('sku', 'sku_unknown', 'There is no variant with this SKU.')
  if (variant?.stocked === false) reader.refuse('sku', 'sku_not_stocked', 'Only physical variants lie on shelves.')
  if (location !== '' && findLocation(locations, location) === undefined) {
    reader.refuse('location', 'location_unknown', 'There is no location with this code.')
  }
  const subject = subjectOf(sku, location, disposition)
  if (quantity === undefined || reader.problems.length > 0) return refusedRow(row.line, subject, reader.problems)
  return { row, subject, entry: { sku, location, quantity, disposition }, asOf, meaning }
}

function readMoment(reader: RowReader, receivedAt: Instant): Instant {
  const text = reader.text('counted_at') ?? ''
  if (text === '') return receivedAt
  const at = parseInstant(text)
  if (at === null) reader.refuse('counted_at', 'not_a_time', 'A time looks like 2026-11-22T13:00:00Z.')
  else if (at > addMs(receivedAt, AHEAD_MAX_MS)) {
    reader.refuse('counted_at', 'time_in_future', `It was ${formatInstant(receivedAt)} when the file was handed in.`)
  }
  return at ?? receivedAt
}

interface NamedCount {
  readonly name: string
  readonly rows: readonly StockRow[]
}

/**
 * Hands rows of one moment to the door, as a message with the part's name: told again it is answered as before. The
 * same counts of the same moment also change nothing when they are taken as another message.
 */
async function takeRows(
  { rooms }: FileDeps,
  { name: part, actor, dryRun }: FilePart,
  { name, rows }: NamedCount,
): Promise<RowOutcome[]> {
  const [{ asOf, meaning }] = [must(rows[0], 'a row of a count')]
  const refused: RowOutcome[] = []
  let left = [...rows]
  let messageId: string | null = dryRun ? null : `${part} ${name}`
  while (left.length > 0) {
    const entries = left.map(({ entry }) => entry)
    const outcome = await rooms.inventory.takeCounts({ actor, messageId, asOf, meaning, entries, only: null, dryRun })
    if (outcome.kind === 'taken') {
      return [
        ...refused,
        ...left.map((row, index) => outcomeOf(row, must(outcome.answer.results[index], 'a result a row'))),
      ]
    }
    const { refusal } = outcome
    // The rows that were left out the first time have become right since.
    if (refusal.code === 'message_id_reused') messageId = null
    else {
      const [, place = '', member = ''] = /^\/entries\/(\d+)\/?(\w*)$/.exec(refusal.path) ?? []
      const wrong = left[Number(place)] ?? must(left[0], 'a row that is left')
      const reader = new RowReader(wrong.row)
      reader.refuse(member === '' ? null : member, refusal.code, 'The stock room does not take it.')
      refused.push(refusedRow(wrong.row.line, wrong.subject, reader.problems))
      left = left.filter((row) => row !== wrong)
    }
  }
  return refused
}

function outcomeOf({ row, subject }: StockRow, result: CountResult): RowOutcome {
  const reader = new RowReader(row)
  switch (result.outcome) {
    case 'applied':
      return accepted(row.line, result.difference === 0 ? 'unchanged' : 'changed', subject)
    case 'ignored':
      reader.refuse('counted_at', 'count_outdated', `The place was counted again at ${result.lastCountedAt}.`)
      break
    case 'quarantined':
      reader.refuse(
        'quantity',
        'count_contradicted',
        `The location has ${result.inWork} units in work, more than were counted: a person has to look.`,
      )
  }
  return refusedRow(row.line, subject, reader.problems)
}

function subjectOf(sku: string, location: string, disposition: string): string {
  return [sku, location, ...(disposition === '' || disposition === 'sellable' ? [] : [disposition])].join(' ')
}
