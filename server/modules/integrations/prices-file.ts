import { must } from '../../kernel/invariant.ts'
import { formatMoney, money, MONEY_MINOR_MAX, minorDigits, parseDecimal, type Money } from '../../kernel/money.ts'
import { formatInstant, parseInstant, type Instant } from '../../kernel/time.ts'
import { readRevisions } from '../../platform/revision.ts'
import { readSkus } from '../catalog/index.ts'
import {
  foreseePrices,
  listPriceRows,
  type PriceEdit,
  type PriceList,
  type PriceResult,
  type PriceRowPlace,
} from '../pricing/index.ts'
import { RowReader, textIn, type FileRow, type Problem } from './cell.ts'
import { accepted, refusedRow, type FileKind, type RowOutcome } from './file-kind.ts'

const ROWS_PER_PART = 500
const ROWS_PER_PAGE = 1_000
const QUANTITY_MAX = 1_000_000

interface PriceRow {
  readonly row: FileRow
  readonly subject: string
  readonly list: PriceList
  readonly edit: PriceEdit
}

/** Prices by list and SKU, with quantity breaks. */
export const pricesFile: FileKind = {
  name: 'prices',
  columns: [
    { name: 'price_list', about: "The list's code.", required: true, code: true },
    { name: 'sku', about: 'Whose price it is.', required: true, code: true },
    { name: 'min_quantity', about: 'Holds from this many units on; empty: 1.' },
    {
      name: 'price',
      about: 'A decimal such as `19.99`, in the currency of the list. Empty withdraws it.',
      required: true,
    },
    { name: 'currency', about: "ISO 4217. May be left out; if it is there, it is the list's." },
    { name: 'valid_from', about: 'When the list begins to hold, to compare only: an edit of the list changes it.' },
    { name: 'valid_until', about: 'When the list ends to hold, likewise.' },
  ],
  rowsPerPart: ROWS_PER_PART,
  placeOf(row) {
    const list = textIn(row, 'price_list') ?? ''
    const sku = textIn(row, 'sku') ?? ''
    const quantity = textIn(row, 'min_quantity') ?? ''
    // The breaks of a SKU are judged together: a part that held half of them would find them wrong.
    const group = `${list}\n${sku}`
    return {
      group,
      key: `${group}\n${Number(quantity === '' ? '1' : quantity)}`,
      stage: 0,
      subject: subjectOf(list, sku, quantity),
    }
  },
  taking: {
    kind: 'joined',
    async take({ rooms }, tx, { rows, actor, dryRun }) {
      const revisions = await readRevisions(tx)
      const { priceLists } = await rooms.pricing.bookAt(tx, revisions.pricing)
      const listByCode = new Map(priceLists.map((list) => [list.code, list]))
      const read = rows.map((row) => readPriceRow(row, listByCode))
      const outcomes = read.flatMap((each) => ('outcome' in each ? [each] : []))
      const wanted = Map.groupBy(
        read.flatMap((each) => ('edit' in each ? [each] : [])),
        ({ list }) => list.id,
      )
      for (const [priceListId, listed] of [...wanted].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        const edits = listed.map(({ edit }) => edit)
        const foreseen = await foreseePrices(tx, { priceListId, edits })
        // A file that says nothing new takes no lock, and leaves the caches of all nodes as they are.
        const isNews = foreseen.kind === 'done' && foreseen.results.some((result, index) => isNew(result, edits[index]))
        const done = isNews && !dryRun ? await rooms.pricing.setPrices(tx, { actor, priceListId, edits }) : foreseen
        const results = done.kind === 'done' ? done.results : []
        outcomes.push(...listed.map((each, index) => outcomeOf(each, must(results[index], 'a result for every price'))))
      }
      return outcomes
    },
  },
  async *walk({ db, rooms }) {
    yield [['price_list', 'sku', 'min_quantity', 'price', 'currency', 'valid_from', 'valid_until']]
    const { priceLists } = await rooms.pricing.currentBook()
    for (const list of priceLists) {
      let after: PriceRowPlace | null = null
      for (;;) {
        const rows = await listPriceRows(db, { priceListId: list.id, after, limit: ROWS_PER_PAGE })
        const skus = await readSkus(db, [...new Set(rows.map(({ variantId }) => variantId))])
        yield rows.map(({ variantId, minQuantity, amountMinor }) => [
          list.code,
          must(skus.get(variantId), 'the SKU of a variant, of which none is ever deleted'),
          String(minQuantity),
          decimalOf(money(amountMinor, list.currency)),
          list.currency,
          momentOf(list.validFrom),
          momentOf(list.validUntil),
        ])
        after = rows.at(-1) ?? null
        if (rows.length < ROWS_PER_PAGE) break
      }
    }
  },
}

function readPriceRow(row: FileRow, listByCode: ReadonlyMap<string, PriceList>): PriceRow | RowOutcome {
  const reader = new RowReader(row)
  const code = reader.required('price_list')
  const sku = reader.required('sku')
  const minQuantity = reader.integer('min_quantity', { min: 1, max: QUANTITY_MAX }) ?? 1
  const list = listByCode.get(code)
  if (code !== '' && list === undefined) {
    reader.refuse('price_list', 'price_list_unknown', 'There is no price list with this code.')
  }
  const currency = reader.text('currency') ?? ''
  if (list !== undefined && currency !== '' && currency !== list.currency) {
    reader.refuse('currency', 'currency_differs', `The list is in ${list.currency}.`)
  }
  if (list !== undefined) {
    comparePeriod(reader, 'valid_from', list.validFrom)
    comparePeriod(reader, 'valid_until', list.validUntil)
  }
  const price = list === undefined ? null : readPrice(reader, list)
  const subject = subjectOf(code, sku, String(minQuantity))
  if (list === undefined || reader.problems.length > 0) return refusedRow(row.line, subject, reader.problems)
  return { row, subject, list, edit: { sku, minQuantity, price } }
}

function comparePeriod(reader: RowReader, column: 'valid_from' | 'valid_until', at: Instant | null): void {
  const text = reader.text(column)
  if (text === undefined || (text === '' ? null : parseInstant(text)) === at) return
  const is = at === null ? 'no such limit' : formatInstant(at)
  reader.refuse(column, 'period_differs', `The list has ${is}; edit the list to change when it holds.`)
}

/** @returns null where the price is withdrawn, and where it cannot be read: then there is a problem */
function readPrice(reader: RowReader, { currency }: PriceList): Money | null {
  const text = reader.text('price') ?? ''
  if (text === '') return null
  const digits = minorDigits(currency)
  const minor = parseDecimal(text, digits)
  if (minor !== null && minor >= 0n && minor <= MONEY_MINOR_MAX) return money(minor, currency)
  const form = digits === 0 ? '`1999`' : `\`19.${'9'.repeat(digits)}\``
  reader.refuse(
    'price',
    'not_a_price',
    `A price in ${currency} looks like ${form}: digits, and a point before decimals.`,
  )
  return null
}

function isNew(result: PriceResult, edit: PriceEdit | undefined): boolean {
  return result.kind !== 'error' && result.beforeMinor !== (edit?.price?.minor ?? null)
}

function outcomeOf({ row: { line, cells }, subject, edit }: PriceRow, result: PriceResult): RowOutcome {
  if (result.kind === 'error') {
    const problems = result.errors.map(({ path, code, message }): Problem => {
      const column = path.startsWith('/price') ? 'price' : 'sku'
      return { column, value: cells.get(column) ?? null, code, message }
    })
    return refusedRow(line, subject, problems)
  }
  const { beforeMinor } = result
  const afterMinor = edit.price?.minor ?? null
  if (beforeMinor === afterMinor) return accepted(line, 'unchanged', subject)
  return accepted(line, beforeMinor === null ? 'created' : 'changed', subject)
}

function subjectOf(list: string, sku: string, minQuantity: string): string {
  return [list, sku, ...(minQuantity === '' || minQuantity === '1' ? [] : [`from ${minQuantity}`])].join(' ')
}

function decimalOf(price: Money): string {
  const [decimal = ''] = formatMoney(price).split(' ')
  return decimal
}

function momentOf(at: Instant | null): string {
  return at === null ? '' : formatInstant(at)
}
