import { formatId, newId } from '../../kernel/id.ts'
import { reasoned, type Reasoned } from '../../kernel/reasons.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision } from '../../platform/revision.ts'
import type { ConfigurationByKind, ConfigurationKind, ConfigurationRows } from './book.ts'
import { checkConfiguration, type ConfigurationRefusal } from './check-configuration.ts'
import {
  openNumberSeries,
  putCalendar,
  putChannel,
  putLegalEntity,
  putMarket,
  putZone,
  readConfiguration,
} from './merchant.sql.ts'
import type { MerchantPorts } from './ports.ts'
import { numberSeriesOf } from './take-numbers.ts'

/** What a new row may leave out. An id is brought only by who needs to know it beforehand, such as demo data. */
type OptionalField = 'id' | 'taxIncludedExcept' | 'taxRounding'

/** What a new row says of itself. */
export type NewConfiguration<Kind extends ConfigurationKind> = Omit<Row<Kind>, OptionalField | 'version'> &
  Partial<Pick<Row<Kind>, OptionalField & keyof Row<Kind>>>

type Row<Kind extends ConfigurationKind> = ConfigurationByKind[Kind]

/** What stays as it was made: orders, invoices and keys rely on it. */
interface FixedFields {
  legalEntity: 'country' | 'currency'
  market: never
  channel: 'kind' | 'legalEntityId' | 'trusted'
  zone: 'country'
  calendar: never
}

/** The fields of a row that an edit may change. */
export type ConfigurationChanges<Kind extends ConfigurationKind> = Partial<
  Omit<ConfigurationByKind[Kind], 'id' | 'code' | 'version' | FixedFields[Kind]>
>

export type CreateOutcome<Kind extends ConfigurationKind> =
  | { readonly kind: 'created'; readonly row: ConfigurationByKind[Kind] }
  | { readonly kind: 'refused'; readonly refusal: Reasoned<ConfigurationRefusal> }

export type EditOutcome<Kind extends ConfigurationKind> =
  | { readonly kind: 'edited'; readonly row: ConfigurationByKind[Kind] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: Reasoned<ConfigurationRefusal> }

/**
 * Adds one legal entity, market, channel, zone or calendar, checked against all there are.
 * Refused: nothing was written; the caller rolls back, or carries on and only a revision was used up.
 */
export async function createConfiguration<Kind extends ConfigurationKind>(
  tx: Tx,
  { actor, kind, fields }: { actor: string; kind: Kind; fields: NewConfiguration<Kind> },
): Promise<CreateOutcome<Kind>> {
  await raiseRevision(tx, 'merchant')
  const rows = await readConfiguration(tx)
  // The compiler cannot see that a kind's fields, its id and a version are that kind's row.
  const row = { ...absent[kind], id: newId(), ...fields, version: 1 } as unknown as ConfigurationByKind[Kind]
  const refusal = reasoned(checkConfiguration(kind, row, rows))
  if (refusal !== null) return { kind: 'refused', refusal }

  await put[kind](tx, row)
  if (kind === 'legalEntity') {
    await openNumberSeries(tx, row.id as ConfigurationByKind['legalEntity']['id'], numberSeriesOf(row.code))
  }
  await announce(tx, actor, kind, row, Object.keys(fields))
  return { kind: 'created', row }
}

/** Changes fields of one row, if it still has the version that the editor saw. */
export async function editConfiguration<Kind extends ConfigurationKind>(
  tx: Tx,
  ports: MerchantPorts,
  {
    actor,
    kind,
    id,
    seenVersion,
    changes,
  }: {
    actor: string
    kind: Kind
    id: ConfigurationByKind[Kind]['id']
    seenVersion: number
    changes: ConfigurationChanges<Kind>
  },
): Promise<EditOutcome<Kind>> {
  await raiseRevision(tx, 'merchant')
  const rows = await readConfiguration(tx)
  const current = rows[kind].find((row) => row.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const row = { ...current, ...changes, version: current.version + 1 }
  const others = without(rows, kind, current)
  const reasons = checkConfiguration(kind, row, others)
  if (kind === 'channel' && priceTerms.some((field) => field in changes)) {
    const after = [...others.channel, row as ConfigurationByKind['channel']]
    const priceLists = await ports.orphanedPriceLists(tx, { before: rows.channel, after })
    if (priceLists.length > 0) reasons.push({ code: 'price_lists_orphaned', priceLists })
  }
  const refusal = reasoned(reasons)
  if (refusal !== null) return { kind: 'refused', refusal }

  await put[kind](tx, row)
  await announce(tx, actor, kind, row, Object.keys(changes))
  return { kind: 'edited', row }
}

/** The fields of a channel by which price lists fit it. */
const priceTerms: readonly (keyof ConfigurationByKind['channel'])[] = ['currencies', 'taxIncluded', 'taxIncludedExcept']

/** What a field is when a new row leaves it out. */
const absent = {
  legalEntity: {},
  market: {},
  channel: { taxIncludedExcept: [], taxRounding: 'line' },
  zone: {},
  calendar: {},
} as const satisfies { readonly [Kind in ConfigurationKind]: Partial<ConfigurationByKind[Kind]> }

const put: { readonly [Kind in ConfigurationKind]: (tx: Tx, row: ConfigurationByKind[Kind]) => Promise<void> } = {
  legalEntity: putLegalEntity,
  market: putMarket,
  channel: putChannel,
  zone: putZone,
  calendar: putCalendar,
}

function without<Kind extends ConfigurationKind>(
  rows: ConfigurationRows,
  kind: Kind,
  row: ConfigurationByKind[Kind],
): ConfigurationRows {
  return { ...rows, [kind]: rows[kind].filter((other) => other.id !== row.id) }
}

/** The words of a kind in event types and audit actions. */
const wordByKind = {
  legalEntity: 'legal_entity',
  market: 'market',
  channel: 'channel',
  zone: 'zone',
  calendar: 'calendar',
} as const satisfies Record<ConfigurationKind, string>

async function announce<Kind extends ConfigurationKind>(
  tx: Tx,
  actor: string,
  kind: Kind,
  row: ConfigurationByKind[Kind],
  fields: readonly string[],
): Promise<void> {
  const word = wordByKind[kind]
  const action = `${word}.${row.version === 1 ? 'created' : 'edited'}`
  const id = formatId<ConfigurationKind>(kind, row.id)
  const data = { id, code: row.code, fields }
  appendEvents(tx, [
    { type: action, aggregateKind: word, aggregateId: row.id, version: row.version, data, occurredAt: tx.at },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields } })
}
