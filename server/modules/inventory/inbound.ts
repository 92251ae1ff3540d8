import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'

export type InboundStatus = 'open' | 'received' | 'cancelled'

/** Goods on their way to a location, such as a purchase order's; what they bring can be sold before it is there. */
export interface Inbound {
  readonly id: Id<'inbound'>
  /** The merchant's own name for it; unique. */
  readonly reference: string
  readonly locationId: Id<'location'>
  readonly eta: Instant
  readonly status: InboundStatus
  readonly version: number
  readonly createdAt: Instant
  readonly lines: readonly InboundLine[]
}

export interface InboundLine {
  readonly variantId: Id<'variant'>
  /** Ring-fenced for one channel, on the way and once it is there; null for all. */
  readonly channelId: Id<'channel'> | null
  /** Units announced. */
  readonly expected: number
  /** Units that have come so far; may be more than were announced. */
  readonly received: number
}

/** What tells a line from the others of its inbound. */
export function lineKey({ variantId, channelId }: Pick<InboundLine, 'variantId' | 'channelId'>): string {
  return `${variantId} ${channelId ?? 'all'}`
}

/** Units of a line that are still to come: the quantity of its supply row, always. */
export function stillExpected({ status }: Inbound, { expected, received }: InboundLine): number {
  return status === 'open' ? Math.max(0, expected - received) : 0
}

/** Whether everything that was announced has come. */
export function isAllReceived(lines: readonly InboundLine[]): boolean {
  return lines.every((line) => line.received >= line.expected)
}
