import { formatId, newId, type Id } from '../../kernel/id.ts'
import { reasoned, type Reasoned } from '../../kernel/reasons.ts'
import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Service, ShippingRows } from './book.ts'
import { checkService, type ShippingRefusal } from './check-shipping.ts'
import { putService, readShipping, replaceTransit } from './shipping.sql.ts'

/** An id is brought only by who needs to know it beforehand, such as demo data. */
export type NewService = Omit<Service, 'id' | 'version'> & { readonly id?: Id<'shippingService'> }

/** Services keep the calendars of the merchant. */
export interface SaveServiceDeps {
  readonly merchant: Merchant
}

/** `transit` replaces all routes. The code and the carrier of a service stay: tariffs and promises rely on it. */
export type ServiceChanges = Partial<Pick<Service, 'name' | 'calendarId' | 'active' | 'transit'>>

export type CreateServiceOutcome =
  | { readonly kind: 'created'; readonly service: Service }
  | { readonly kind: 'refused'; readonly refusal: Reasoned<ShippingRefusal> }

export type EditServiceOutcome =
  | { readonly kind: 'edited'; readonly service: Service }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: Reasoned<ShippingRefusal> }

export async function createService(
  tx: Tx,
  { merchant }: SaveServiceDeps,
  { actor, fields }: { actor: string; fields: NewService },
): Promise<CreateServiceOutcome> {
  await raiseRevision(tx, 'shipping')
  const rows = await readShipping(tx)
  const refusal = reasoned(checkService(fields, rows, await currentMerchant(tx, merchant)))
  if (refusal !== null) return { kind: 'refused', refusal }
  const service: Service = { ...fields, id: fields.id ?? newId(), version: 1 }
  await write(tx, actor, service, rows, Object.keys(fields))
  return { kind: 'created', service }
}

/** Changes a service, if it still has the version that the editor saw. */
export async function editService(
  tx: Tx,
  { merchant }: SaveServiceDeps,
  {
    actor,
    id,
    seenVersion,
    changes,
  }: {
    actor: string
    id: Id<'shippingService'>
    seenVersion: number
    changes: ServiceChanges
  },
): Promise<EditServiceOutcome> {
  await raiseRevision(tx, 'shipping')
  const rows = await readShipping(tx)
  const current = rows.services.find((service) => service.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const service: Service = { ...current, ...changes, version: current.version + 1 }
  const others = rows.services.filter((other) => other.id !== id)
  const refusal = reasoned(checkService(service, { ...rows, services: others }, await currentMerchant(tx, merchant)))
  if (refusal !== null) return { kind: 'refused', refusal }
  await write(tx, actor, service, rows, Object.keys(changes))
  return { kind: 'edited', service }
}

async function currentMerchant(tx: Tx, merchant: Merchant) {
  return merchant.bookAt(tx, (await readRevisions(tx)).merchant)
}

async function write(
  tx: Tx,
  actor: string,
  service: Service,
  { carriers }: ShippingRows,
  fields: readonly string[],
): Promise<void> {
  const carrier = must(
    carriers.find(({ code }) => code === service.carrier),
    'the carrier that was checked',
  )
  await putService(tx, service, carrier.id)
  await replaceTransit(tx, service.id, service.transit)
  const id = formatId('shippingService', service.id)
  const action = service.version === 1 ? 'shipping_service.created' : 'shipping_service.edited'
  appendEvents(tx, [
    {
      type: action,
      aggregateKind: 'shipping_service',
      aggregateId: service.id,
      version: service.version,
      data: { id, code: service.code, fields },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields } })
}
