import { formatId } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { moneyJson, refuse, refusePlatform, type ProblemReply } from '../../platform/http/index.ts'
import { missedOfferJson } from '../pricing/index.ts'
import { refusals } from './checkout.refusals.ts'
import type { PayRefusal } from './pay-order.ts'
import type { KeyRefusal } from './place-orders.ts'
import type { PlacementRefusal } from './placement.ts'

export function answerRefusal<Reply extends ProblemReply>(
  reply: Reply,
  refusal: PlacementRefusal | PayRefusal | KeyRefusal,
): Reply {
  if (refusal.code === 'request_in_progress') return refusePlatform(reply, 'request_in_progress', {}, 1)
  if (refusal.code === 'idempotency_key_reused') return refusePlatform(reply, 'idempotency_key_reused')
  return refuse(reply, refusals, refusalJson(refusal))
}

/** A refusal in the API's form: TypeIDs, Money, RFC 3339. */

export function refusalJson(refusal: PlacementRefusal | PayRefusal) {
  switch (refusal.code) {
    case 'order_exists':
    case 'reference_reused':
      return { ...refusal, orderId: formatId('order', refusal.orderId) }
    case 'total_changed':
    case 'promise_changed': {
      const { totalMinor, currency, earliest, latest } = refusal.current
      return {
        code: refusal.code,
        current: {
          total: moneyJson({ minor: totalMinor, currency }),
          promise: { earliest: formatInstant(earliest), latest: formatInstant(latest) },
        },
      }
    }
    case 'gift_card_insufficient':
    case 'due_changed': {
      const { totalMinor, currency, earliest, latest } = refusal.current
      return {
        code: refusal.code,
        current: {
          total: moneyJson({ minor: totalMinor, currency }),
          due: moneyJson({ minor: refusal.dueMinor, currency }),
          promise: { earliest: formatInstant(earliest), latest: formatInstant(latest) },
        },
      }
    }
    case 'code_not_applied':
      return { code: refusal.code, missed: refusal.missed.map((each) => missedOfferJson(each, refusal.currency)) }
    case 'tenders_differ':
      return { code: refusal.code, total: moneyJson({ minor: refusal.totalMinor, currency: refusal.currency }) }
    case 'placed_in_future':
      return { code: refusal.code, at: formatInstant(refusal.at) }
    default:
      return refusal
  }
}
