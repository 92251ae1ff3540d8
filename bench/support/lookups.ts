import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatId, type Id } from '../../server/kernel/id.ts'
import type { Db } from '../../server/platform/db.ts'
import { openRooms } from '../../server/rooms.ts'
import type { Lookup } from '../parts/lookup-load.ts'
import { benchMasterKey } from './intake.ts'
import { createKey } from './keys.ts'
import { readShop } from './shop.ts'

/** How an order is looked up: by its buyer, and by the merchant's people in three ways. */
export const lookupKinds = ['store order', 'admin by number', 'admin by reference', 'admin by SKU'] as const
export type LookupKind = (typeof lookupKinds)[number]

/** For each kind the path of its file of lookups. */
export type LookupFiles = Readonly<Record<LookupKind, string>>

const ORDERS_LOOKED_UP = 2_000

/**
 * Lookups of orders drawn from the whole of a database's history, with keys of its own. A list by SKU is cut at its
 * newest order, so that a long history is not also asked for longer answers.
 *
 * @param directory  to be made, for the files
 */
export async function writeLookups(db: Db, directory: string): Promise<LookupFiles> {
  const { channelId } = await readShop(db)
  const publishable = await createKey(db, { kind: 'publishable', name: 'lookups', channelId })
  const secret = await createKey(db, { kind: 'secret', name: 'lookups', scopes: ['orders:read'] })
  const { identity } = openRooms({ db, masterKey: benchMasterKey, providers: [] })
  const sold = await db.rows<{ sku: string }>({
    name: 'bench.sold',
    text: 'select distinct sku from orders.order_line',
  })
  const own = await draw(db, { withReference: false })
  const trusted = await draw(db, { withReference: true })

  const list = (query: string): Lookup => ({
    path: `/v1/admin/orders?${query}`,
    headers: { authorization: `Bearer ${secret}` },
  })
  const lookups: Readonly<Record<LookupKind, Lookup[]>> = {
    'store order': own.map(({ id }) => ({
      path: `/v1/store/orders/${formatId('order', id)}`,
      headers: {
        authorization: `Bearer ${publishable}`,
        'waybill-access-token': identity.makeAccessToken('order', id),
      },
    })),
    'admin by number': own.map(({ number }) => list(`number=W-${number}`)),
    'admin by reference': trusted.map(({ reference }) => list(`reference=${reference ?? ''}`)),
    'admin by SKU': sold.map(({ sku }) => list(`sku=${sku}&limit=1`)),
  }
  mkdirSync(directory)
  const write = (kind: LookupKind): string => {
    const file = join(directory, `${kind.replaceAll(' ', '-')}.json`)
    writeFileSync(file, JSON.stringify(lookups[kind]))
    return file
  }
  return {
    'store order': write('store order'),
    'admin by number': write('admin by number'),
    'admin by reference': write('admin by reference'),
    'admin by SKU': write('admin by SKU'),
  }
}

interface DrawnOrder {
  readonly id: Id<'order'>
  readonly number: bigint
  readonly reference: string | null
}

/** In an order that has nothing to do with where they lie. */
function draw(db: Db, { withReference }: { readonly withReference: boolean }): Promise<DrawnOrder[]> {
  return db.rows({
    name: 'bench.draw_orders',
    text: `select id, number, reference from orders.orders
            where (reference is not null) = $1 order by md5(id::text) limit $2`,
    values: [withReference, ORDERS_LOOKED_UP],
  })
}
