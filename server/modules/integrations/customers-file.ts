import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant, parseInstant, type Instant } from '../../kernel/time.ts'
import {
  normaliseEmail,
  walkAccountIds,
  type AccountEntry,
  type Address,
  type FlatAccount,
  type PutAccountOutcome,
} from '../customers/index.ts'
import { RowReader, textIn, type FileRow, type Problem } from './cell.ts'
import { accepted, refusedRow, type FileKind, type RowOutcome } from './file-kind.ts'
import { readList, writeList } from './list-cell.ts'

/** Sealing a new account and its address takes some 50 µs, their statements a millisecond. */
const ROWS_PER_PART = 200
const ACCOUNTS_PER_PAGE = 500

const addressColumns = {
  address_name: 'name',
  address_line1: 'line1',
  address_line2: 'line2',
  address_city: 'city',
  address_region: 'region',
  address_postal_code: 'postalCode',
  address_country: 'country',
  address_phone: 'phone',
} as const satisfies Record<string, keyof Address>
type AddressColumn = keyof typeof addressColumns
const addressColumnNames = Object.keys(addressColumns) as AddressColumn[]

const columnByField: Readonly<Record<string, string>> = {
  taxId: 'tax_id',
  taxExempt: 'tax_exempt',
  taxExemptUntil: 'tax_exempt_until',
  ...Object.fromEntries(addressColumnNames.map((column) => [`address.${addressColumns[column]}`, column])),
}

interface CustomerRow {
  readonly row: FileRow
  readonly entry: AccountEntry
}

/** Accounts by e-mail. Guests are a person anew with every order, and have nothing to be edited. */
export const customersFile: FileKind = {
  name: 'customers',
  columns: [
    { name: 'email', about: 'Whose account it is; a new one has to be proved by its owner.', required: true },
    { name: 'name', about: 'Empty takes it away.' },
    { name: 'phone', about: 'With a plus and the code of the country. Empty takes it away.' },
    { name: 'locale', about: 'Such as `en-US`. Empty takes it away.' },
    { name: 'tags', about: '`wholesale|vip`; replaces all.' },
    { name: 'tax_id', about: 'Under which the tax office knows them. Empty takes it away.' },
    { name: 'tax_exempt', about: '`true` or `false`; empty leaves it.' },
    { name: 'tax_exempt_until', about: 'RFC 3339; empty: without an end.' },
    { name: 'address_name', about: "Who lives there; empty: the customer's name." },
    { name: 'address_line1', about: 'Their default address; all empty leaves it.' },
    { name: 'address_line2', about: 'Likewise.' },
    { name: 'address_city', about: 'Likewise.' },
    { name: 'address_region', about: 'Code or name, where the country has them.' },
    { name: 'address_postal_code', about: 'Likewise.' },
    { name: 'address_country', about: 'ISO 3166-1 alpha-2.' },
    { name: 'address_phone', about: 'For the carrier.' },
  ],
  rowsPerPart: ROWS_PER_PART,
  placeOf(row) {
    // No subject: who it is is personal.
    return { group: null, key: normaliseEmail(textIn(row, 'email') ?? ''), stage: 0, subject: null }
  },
  taking: {
    kind: 'joined',
    async take({ rooms }, tx, { rows, actor, dryRun }) {
      const read = rows.map(readCustomerRow)
      const fit = read.flatMap((each) => ('entry' in each ? [each] : []))
      const entries = fit.map(({ entry }) => entry)
      const outcomes = await rooms.customers.putAccounts(tx, { actor, entries, dryRun })
      return [
        ...read.flatMap((each) => ('outcome' in each ? [each] : [])),
        ...fit.map((each, index) => outcomeOf(each, must(outcomes[index], 'an outcome for every entry'))),
      ]
    },
  },
  async *walk({ db, rooms }) {
    const columns = ['email', 'name', 'phone', 'locale', 'tags', 'tax_id', 'tax_exempt', 'tax_exempt_until']
    yield [[...columns, ...addressColumnNames]]
    let after: Id<'person'> | null = null
    for (;;) {
      const ids: Id<'person'>[] = await walkAccountIds(db, { after, limit: ACCOUNTS_PER_PAGE })
      const accounts = await rooms.customers.readFlatAccounts(db, ids)
      // Who came by an identity provider that told no e-mail cannot be named by one.
      yield accounts.filter(({ person }) => person.email !== null).map(flatRow)
      after = ids.at(-1) ?? null
      if (ids.length < ACCOUNTS_PER_PAGE) return
    }
  },
}

function flatRow({ person, account, defaultAddress }: FlatAccount): string[] {
  const { email, name, phone, taxId = null } = person
  const { locale, tags, tax_exempt, tax_exempt_until } = account
  const address = defaultAddress?.address ?? null
  return [
    email ?? '',
    name ?? '',
    phone ?? '',
    locale ?? '',
    writeList(tags),
    taxId ?? '',
    String(tax_exempt),
    tax_exempt_until === null ? '' : formatInstant(tax_exempt_until),
    ...addressColumnNames.map((column) => address?.[addressColumns[column]] ?? ''),
  ]
}

function readCustomerRow(row: FileRow): CustomerRow | RowOutcome {
  const reader = new RowReader(row)
  const email = reader.required('email')
  const taxExempt = reader.word('tax_exempt', ['true', 'false'])
  const taxExemptUntil = readUntil(reader)
  const tags = reader.text('tags')
  const entry: AccountEntry = {
    email,
    name: orNull(reader.text('name')),
    phone: orNull(reader.text('phone')),
    locale: orNull(reader.text('locale')),
    tags: tags === undefined ? undefined : readList(tags),
    taxId: orNull(reader.text('tax_id')),
    taxExempt: taxExempt === undefined ? undefined : taxExempt === 'true',
    taxExemptUntil,
    address: readAddress(reader),
  }
  return reader.problems.length > 0 ? refusedRow(row.line, null, reader.problems) : { row, entry }
}

function readUntil(reader: RowReader): Instant | null | undefined {
  const text = orNull(reader.text('tax_exempt_until'))
  if (text === undefined || text === null) return text
  const at = parseInstant(text)
  if (at === null) reader.refuse('tax_exempt_until', 'not_a_time', 'A time looks like 2026-11-22T13:00:00Z.')
  return at
}

/** Undefined where none is told. */
function readAddress(reader: RowReader): Address | undefined {
  const text = (column: AddressColumn): string => reader.text(column) ?? ''
  if (addressColumnNames.every((column) => text(column) === '')) return undefined
  const name = text('address_name')
  return {
    name: name === '' ? (reader.text('name') ?? '') : name,
    line1: text('address_line1'),
    line2: text('address_line2') || null,
    city: text('address_city'),
    region: text('address_region') || null,
    postalCode: text('address_postal_code'),
    country: text('address_country'),
    phone: text('address_phone') || null,
  }
}

function outcomeOf({ row: { line, cells } }: CustomerRow, outcome: PutAccountOutcome): RowOutcome {
  if (outcome.kind !== 'refused') return accepted(line, outcome.kind, null)
  const problems = outcome.problems.map(({ field, code, message }): Problem => {
    const column = columnByField[field] ?? field
    return { column, value: cells.get(column) ?? null, code, message }
  })
  return refusedRow(line, null, problems)
}

function orNull(text: string | undefined): string | null | undefined {
  return text === '' ? null : text
}
