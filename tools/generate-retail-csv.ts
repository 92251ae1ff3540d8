import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'

/**
 * Makes a CSV of the shape of the UCI Online Retail file, small, and with every oddity the real one has, so that the
 * import and its tests work without it:
 *
 *   node tools/generate-retail-csv.ts --lines 2000 --seed 7 --out retail.csv
 *
 * The same lines and seed give the same file. Oddities: cancellations (C…), entries of bad debts (A…), prices of a
 * tenth of a penny, negative prices, charges among the goods and invoices of charges alone, units written off and
 * found at price 0, goods given away, guests (NA), codes that differ by case, invoices over a minute's end or not in
 * one piece, the same goods twice on an invoice, quotes and pound signs in descriptions, double spaces, missing
 * descriptions, a huge quantity that is taken back at once, and from 2,000 lines on one invoice of over 500.
 */
export function* generateRetailCsv({ lines, seed }: RetailCsvOptions): Generator<string, void, undefined> {
  if (lines < RETAIL_CSV_LINES_MIN) throw new RangeError(`at least ${RETAIL_CSV_LINES_MIN} lines, to hold every oddity`)
  const chance = new Chance(seed)
  const shop = new Shop(chance, lines)
  const invoices = shop.oddInvoices()
  if (lines >= LONG_INVOICE_FROM_LINES) invoices.push(shop.sale(LONG_INVOICE_LINES, customerOf(chance)))
  let missing = lines - invoices.reduce((sum, invoice) => sum + invoice.items.length, 0)
  while (missing > 0) {
    const invoice = shop.anyInvoice(missing)
    invoices.push(invoice)
    missing -= invoice.items.length
  }

  yield `${HEADER.map(quoted).join(',')}\n`
  for (const row of inFileOrder(chance.shuffled(invoices), chance)) yield `${row}\n`
}

export interface RetailCsvOptions {
  /** Lines after the header, at least `RETAIL_CSV_LINES_MIN`. */
  readonly lines: number
  readonly seed: number
}

export const RETAIL_CSV_LINES_MIN = 200

const LONG_INVOICE_FROM_LINES = 2_000
const LONG_INVOICE_LINES = 521

const HEADER = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const

interface Item {
  readonly code: string
  /** Null is written as NA. */
  readonly description: string | null
  readonly quantity: number
  /** As the file writes it, without trailing zeros. */
  readonly price: string
}

interface Invoice {
  readonly prefix: '' | 'C' | 'A'
  /** Null is written as NA. */
  readonly customer: string | null
  readonly country: string
  readonly items: readonly Item[]
  /** Its second half is stamped a minute later. */
  readonly overTheMinute?: boolean
  /** Its last line comes after the next invoice. */
  readonly inTwoPieces?: boolean
}

interface Product {
  readonly code: string
  readonly description: string
  readonly pence: number
}

const ADJECTIVES = ['RED', 'PINK', 'CREAM', 'VINTAGE', 'RETROSPOT', 'WOODEN', 'ENAMEL', 'LARGE', 'HANGING', 'CERAMIC']
const NOUNS = ['T-LIGHT HOLDER', 'LUNCH BOX', 'CAKE TIN', 'BUNTING', 'DOORMAT', 'HOT WATER BOTTLE', 'MUG', 'CLOCK']
const ENDINGS = ['', '', '', '  SET OF 3', ' .', ' "HOME"', ' 25x24x12cm', ', SMALL']
const COUNTRIES = ['United Kingdom', 'United Kingdom', 'United Kingdom', 'Germany', 'France', 'EIRE', 'Unspecified']
const REMARKS = [null, null, 'damages', '?', 'thrown away', 'check', 'wet/rusty', 'sold as set on dotcom']

const charges = {
  post: { code: 'POST', description: 'POSTAGE' },
  dot: { code: 'DOT', description: 'DOTCOM POSTAGE' },
  carriage: { code: 'C2', description: 'CARRIAGE' },
  nextDay: { code: '23444', description: 'Next Day Carriage' },
  packing: { code: '23574', description: 'PACKING CHARGE' },
  manual: { code: 'M', description: 'Manual' },
  manualToo: { code: 'm', description: 'Manual' },
  bank: { code: 'BANK CHARGES', description: 'Bank Charges' },
  amazon: { code: 'AMAZONFEE', description: 'AMAZON FEE' },
  charity: { code: 'CRUK', description: 'CRUK Commission' },
  discount: { code: 'D', description: 'Discount' },
  samples: { code: 'S', description: 'SAMPLES' },
  debt: { code: 'B', description: 'Adjust bad debt' },
} as const

/** What is sold, and the invoices a day brings. */
class Shop {
  readonly #chance: Chance
  readonly #products: readonly Product[]

  constructor(chance: Chance, lines: number) {
    this.#chance = chance
    const count = Math.max(40, Math.round(lines / 130))
    this.#products = Array.from({ length: count }, (_, index) => ({
      code: `${20_001 + index * 7}${chance.of(['', '', 'A', 'B', 'bl'])}`,
      description: `${chance.of(ADJECTIVES)} ${chance.of(ADJECTIVES)} ${chance.of(NOUNS)}${chance.of(ENDINGS)}`,
      pence: chance.whole(39, 1_695),
    }))
  }

  /** One of each oddity, so that none is left to luck. */
  oddInvoices(): Invoice[] {
    const [first, second, third] = this.#products
    if (first === undefined || second === undefined || third === undefined) throw new Error('a shop has products')
    const pads = { code: 'PADS', description: 'PADS TO MATCH ALL CUSHIONS', quantity: 1, price: '0.001' }
    const voucher = { code: 'gift_0001_20', description: 'Dotcomgiftshop Gift Voucher £20.00', quantity: 1 }
    const cased = { ...first, code: '15056bl', description: 'EDWARDIAN PARASOL "BLACK"' }
    const capital = { ...cased, code: '15056BL' }
    const huge = { ...second, pence: 104 }
    const known = customerOf(this.#chance)
    return [
      sale(known, [item(first, 6), item(first, 12), charge('post', 3, '18')]),
      sale(known, [item(cased, 4), item(capital, 2), charge('carriage', 1, '50')]),
      sale(known, [item(second, 2), item(third, 1), item(first, 1)], { overTheMinute: true }),
      sale(known, [item(first, 3), item(second, 3), item(third, 3)], { inTwoPieces: true }),
      sale(null, [
        item(third, 1),
        { ...voucher, price: '17.02' },
        charge('dot', 1, '569.77'),
        charge('manualToo', 1, '2.55'),
      ]),
      sale(known, [
        item(first, 2),
        charge('nextDay', 1, '15'),
        charge('packing', 1, '4.5'),
        charge('manual', 12, '1.25'),
      ]),
      sale(known, [item(first, 1), pads]),
      sale(known, [item(second, 1), pads]),
      sale(known, [item(third, 1), pads]),
      sale(known, [charge('bank', 1, '15'), charge('bank', 1, '0.001')]),
      sale(known, [item(first, 1), { ...item(second, 1), price: '-2.5' }]),
      sale(known, [item(first, 10), free(second, 2), free(third, 1), charge('manual', 1, '0')]),
      sale(known, [free(first, 16), free(third, 4)]),
      sale(known, [charge('manual', 1, '0')]),
      sale(known, [charge('post', 21, '18')]),
      sale(null, [charge('amazon', 1, '13541.33')]),
      sale(null, [charge('samples', 1, '33.05')]),
      sale(known, [item(huge, 80_995)]),
      cancellation(known, [item(huge, -80_995)]),
      cancellation(known, [item(first, -1), charge('discount', -1, '27.5'), charge('post', -1, '18')]),
      cancellation(null, [charge('amazon', -1, '13541.33')]),
      cancellation(null, [charge('charity', -1, '1100.44'), charge('samples', -1, '17.65')]),
      cancellation(known, [charge('manual', -1, '0.5'), charge('bank', -1, '15')]),
      ...['11062.06', '-11062.06', '-11062.06'].map((price) => ({
        ...sale(null, [charge('debt', 1, price)]),
        prefix: 'A' as const,
      })),
      sale(null, [{ ...free(first, -22), description: null }]),
      sale(null, [{ ...free(cased, -4), description: 'damages' }]),
      sale(null, [{ code: 'DCGS0068', description: 'ebay', quantity: -10, price: '0' }]),
      sale(null, [{ ...free(third, 5_568), description: null }]),
      sale(null, [{ code: 'POST', description: null, quantity: 1_000, price: '0' }]),
      sale(null, [{ ...free(second, 80), description: 'found' }, free(third, 160)]),
    ]
  }

  /** An everyday invoice of at most `linesMax` lines. */
  anyInvoice(linesMax: number): Invoice {
    const draw = this.#chance.below(100)
    const buyer = customerOf(this.#chance)
    if (draw < 12) {
      const items = Array.from({ length: this.#linesUpTo(3, linesMax) }, () => item(this.#product(), -this.#units(6)))
      return cancellation(buyer, items)
    }
    if (draw < 18) return sale(null, [this.#adjustment(-this.#units(30))])
    if (draw < 21) return sale(null, [this.#adjustment(this.#units(30))])
    if (draw < 26) return this.sale(this.#linesUpTo(60, linesMax), null)
    return this.sale(this.#linesUpTo(40, linesMax), buyer)
  }

  sale(lines: number, customer: string | null): Invoice {
    return sale(
      customer,
      Array.from({ length: lines }, () => item(this.#product(), this.#units(24))),
      {
        country: this.#chance.of(COUNTRIES),
      },
    )
  }

  #adjustment(quantity: number): Item {
    return { code: this.#product().code, description: this.#chance.of(REMARKS), quantity, price: '0' }
  }

  /** Its code now and then in lower case, at the price for one or for many. */
  #product(): Product {
    const product = this.#chance.of(this.#products)
    const { code, pence } = product
    return {
      ...product,
      code: this.#chance.below(20) === 0 ? code.toLowerCase() : code,
      pence: this.#chance.below(4) === 0 ? Math.ceil(pence * 0.85) : pence,
    }
  }

  #units(most: number): number {
    return this.#chance.whole(1, most)
  }

  #linesUpTo(most: number, linesMax: number): number {
    return Math.min(linesMax, this.#chance.whole(1, most))
  }
}

function sale(customer: string | null, items: readonly Item[], more: Partial<Invoice> = {}): Invoice {
  return { prefix: '', customer, country: 'United Kingdom', items, ...more }
}

function cancellation(customer: string | null, items: readonly Item[]): Invoice {
  return { ...sale(customer, items), prefix: 'C' }
}

function item({ code, description, pence }: Product, quantity: number): Item {
  return { code, description, quantity, price: String(pence / 100) }
}

function free(product: Product, quantity: number): Item {
  return { ...item(product, quantity), price: '0' }
}

function charge(name: keyof typeof charges, quantity: number, price: string): Item {
  return { ...charges[name], quantity, price }
}

function customerOf(chance: Chance): string {
  return String(chance.whole(12_346, 12_999))
}

/** Numbers and stamps the invoices and lays their lines out. */
function* inFileOrder(invoices: readonly Invoice[], chance: Chance): Generator<string, void, undefined> {
  let number = 536_365
  let at = Date.UTC(2010, 11, 1, 8, 26)
  let late: string | null = null
  for (const { prefix, customer, country, items, overTheMinute = false, inTwoPieces = false } of invoices) {
    const rows = items.map(({ code, description, quantity, price }, index) => {
      const stampedAt = overTheMinute && index * 2 >= items.length ? at + MINUTE_MS : at
      return [
        quoted(`${prefix}${number}`),
        quoted(code),
        description === null ? 'NA' : quoted(description),
        quantity,
        new Date(stampedAt).toISOString().slice(0, 19).replace('T', ' '),
        price,
        customer ?? 'NA',
        quoted(country),
      ].join(',')
    })
    const held = inTwoPieces ? (rows.pop() ?? null) : null
    yield* rows
    if (late !== null) yield late
    late = held
    number += chance.whole(1, 3)
    at = nextInvoiceAt(at, chance)
  }
  if (late !== null) yield late
}

const MINUTE_MS = 60_000
const CLOSING_HOUR = 19
const OPENING_HOUR = 8

function nextInvoiceAt(at: number, chance: Chance): number {
  const next = new Date(at + chance.whole(2, 45) * MINUTE_MS)
  if (next.getUTCHours() < CLOSING_HOUR) return next.getTime()
  next.setUTCDate(next.getUTCDate() + 1)
  return next.setUTCHours(OPENING_HOUR, chance.below(60), 0, 0)
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/** mulberry32: the same draws for the same seed, on every machine. */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  /** Both ends included. */
  whole(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  of<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('nothing to choose from')
    return value
  }

  shuffled<Value>(values: readonly Value[]): Value[] {
    const keyed = values.map((value) => ({ value, key: this.below(2 ** 32) }))
    return keyed.toSorted((a, b) => a.key - b.key).map(({ value }) => value)
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const lines = Number(values.lines)
  const seed = Number(values.seed)
  if (values.help || !Number.isSafeInteger(lines) || lines < RETAIL_CSV_LINES_MIN || !Number.isSafeInteger(seed)) {
    process.stderr.write(
      `Usage: node tools/generate-retail-csv.ts [--lines N] [--seed N] [--out FILE]; N ≥ ${RETAIL_CSV_LINES_MIN}\n`,
    )
    process.exit(values.help ? 0 : 2)
  }
  const out = values.out === undefined ? process.stdout : createWriteStream(values.out)
  await pipeline(Readable.from(generateRetailCsv({ lines, seed })), out)
}
