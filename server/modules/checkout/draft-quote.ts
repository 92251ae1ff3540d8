import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, SECOND_MS, type Instant } from '../../kernel/time.ts'
import type { Quote } from '../carts/index.ts'
import type { HeldClaim } from '../inventory/index.ts'
import type { AcceptedSale } from './decide-placement.ts'
import type { ClaimDraft } from './draft-order.ts'
import type { QuotePlacement } from './placement.ts'

/** Everything that one accepted quote writes. */
export interface QuoteDraft {
  readonly quote: Quote
  readonly claims: readonly ClaimDraft[]
  /** The cart's claims as they are once this is written, by line of the sale. */
  readonly held: readonly (readonly HeldClaim[])[]
  /** Those of an earlier quote. */
  readonly freed: readonly HeldClaim[]
}

/** Turns a decision about a cart into a quote, with claims of its goods where the channel says so. */
export function draftQuote(
  request: QuotePlacement,
  decision: AcceptedSale,
  freed: readonly HeldClaim[],
  at: Instant,
): QuoteDraft {
  const { channel, cart } = request
  const holdsGoods = channel.claimsAt === 'checkout'
  const expiresAt = addMs(at, channel.quoteTtlS * SECOND_MS)
  const held = request.lines.map((): HeldClaim[] => [])
  const claims = (holdsGoods ? decision.groups : []).flatMap(({ allotments }) =>
    allotments.map(({ demand, supply, units }): ClaimDraft => {
      const id = newId<'claim'>()
      const lineId: Id<'cartLine'> = must(cart.lineIds[demand.line], 'an id for every line of a cart')
      held[demand.line]?.push({ claimId: id, lineId, supply, units })
      return {
        id,
        variantId: supply.variantId,
        demandKind: 'cart_line',
        demandId: lineId,
        supplyId: supply.supplyId,
        channelId: channel.id,
        decisionId: null,
        quantity: units,
        stage: 'reserved',
        reservedUntil: expiresAt,
        promisedBy: null,
      }
    }),
  )
  return {
    quote: {
      cartId: cart.id,
      cartVersion: cart.version,
      priced: decision.priced,
      groups: decision.groups.map(({ sold: { number, delivery }, promise }) => {
        return { number, optionId: delivery.kind === 'chosen' ? delivery.optionId : null, promise }
      }),
      holdsGoods,
      quotedAt: at,
      expiresAt,
    },
    claims,
    held,
    freed,
  }
}
