import { parseId, type Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Caller } from '../../platform/http/index.ts'
import { readOrderRows, type OrderRow } from './orders.sql.ts'

/** Checks the token that was given out with the order. */
export type VerifyOrderToken = (orderId: Id<'order'>, token: string) => boolean

/**
 * The order a guest asks for, when their head's channel sold it and they hold its token.
 * @returns null for everything else, so that an order of somebody else's looks like one that does not exist
 */
export async function readGuestOrder(
  source: Queryable,
  {
    caller,
    orderId: text,
    token,
    verify,
  }: {
    readonly caller: Caller
    readonly orderId: string
    readonly token: string | undefined
    readonly verify: VerifyOrderToken
  },
): Promise<OrderRow | null> {
  const orderId = parseId('order', text)
  if (orderId === null || token === undefined || caller.kind !== 'publishable') return null
  if (!verify(orderId, token)) return null
  const [order] = await readOrderRows(source, [orderId])
  return order !== undefined && order.channel_id === caller.channelId ? order : null
}
