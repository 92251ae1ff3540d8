import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import { regionsOfPostalCode, tidyRegion, type Merchant } from '../merchant/index.ts'
import { checkLocation, type LocationRefusal } from './check-location.ts'
import type { Location } from './location.ts'
import { putLocations, readLocations } from './locations.sql.ts'

/** What a new location says of itself. An id is brought only by who needs to know it beforehand, such as demo data. */
export type NewLocation = Omit<Location, 'id' | 'version'> & { readonly id?: Id<'location'> }

/** A location moves, is renamed or closed; its code and whose books it is in stay. */
export type LocationChanges = Partial<Omit<Location, 'id' | 'code' | 'legalEntityId' | 'version'>>

export type CreateLocationOutcome =
  | { readonly kind: 'created'; readonly location: Location }
  | { readonly kind: 'refused'; readonly refusal: LocationRefusal }

export type EditLocationOutcome =
  | { readonly kind: 'edited'; readonly location: Location }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: LocationRefusal }

/** Refused: nothing was written; the caller rolls back, or carries on and only a revision was used up. */
export async function createLocation(
  tx: Tx,
  { merchant }: { readonly merchant: Merchant },
  { actor, fields }: { readonly actor: string; readonly fields: NewLocation },
): Promise<CreateLocationOutcome> {
  const revision = await raiseRevision(tx, 'inventory')
  const [others, book] = await Promise.all([readLocations(tx), currentMerchant(tx, merchant)])
  const location = withRegion({ ...fields, id: fields.id ?? newId(), version: 1 })
  const refusal = checkLocation(location, others, book)
  if (refusal !== null) return { kind: 'refused', refusal }

  putLocations(tx, [location], revision)
  announce(tx, actor, location, Object.keys(fields))
  return { kind: 'created', location }
}

/** Changes fields of one location, if it still has the version that the editor saw. */
export async function editLocation(
  tx: Tx,
  { merchant }: { readonly merchant: Merchant },
  {
    actor,
    id,
    seenVersion,
    changes,
  }: {
    readonly actor: string
    readonly id: Id<'location'>
    readonly seenVersion: number
    readonly changes: LocationChanges
  },
): Promise<EditLocationOutcome> {
  const revision = await raiseRevision(tx, 'inventory')
  const [locations, book] = await Promise.all([readLocations(tx), currentMerchant(tx, merchant)])
  const current = locations.find((location) => location.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const location = withRegion({ ...current, ...changes, version: current.version + 1 })
  const refusal = checkLocation(
    location,
    locations.filter((other) => other.id !== id),
    book,
  )
  if (refusal !== null) return { kind: 'refused', refusal }

  putLocations(tx, [location], revision)
  announce(tx, actor, location, Object.keys(changes))
  return { kind: 'edited', location }
}

/** What is picked up is taxed here: the region's code, told by the postal code where nobody said it. */
function withRegion(location: Location): Location {
  const { country, region, postalCode } = location
  const told = region === null ? regionsOfPostalCode(country, postalCode)?.[0] : tidyRegion(country, region)
  return { ...location, region: told ?? null }
}

async function currentMerchant(tx: Tx, merchant: Merchant) {
  return merchant.bookAt(tx, (await readRevisions(tx)).merchant)
}

function announce(tx: Tx, actor: string, location: Location, fields: readonly string[]): void {
  const action = location.version === 1 ? 'location.created' : 'location.edited'
  const id = formatId('location', location.id)
  const { code, active, version } = location
  appendEvents(tx, [
    {
      type: action,
      aggregateKind: 'location',
      aggregateId: location.id,
      version,
      occurredAt: tx.at,
      data: { id, code, active, fields },
    },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields } })
}
