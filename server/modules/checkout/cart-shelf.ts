import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { isHolding, type Quote } from '../carts/index.ts'
import type { HeldClaim } from '../inventory/index.ts'
import type { CartGoods } from './decide-placement.ts'
import type { QuoteDraft } from './draft-quote.ts'
import type { SeenCart } from './placement.ts'

/** Quotes and claims of a batch's carts under their locks; what one request of a batch is quoted is there for the next. */
export class CartShelf {
  readonly #quoteByCart: Map<Id<'cart'>, Quote>
  readonly #heldByLine: Map<Id<'cartLine'>, readonly HeldClaim[]>

  constructor(quotes: readonly Quote[], held: readonly HeldClaim[]) {
    this.#quoteByCart = new Map(quotes.map((quote) => [quote.cartId, quote]))
    this.#heldByLine = Map.groupBy(held, ({ lineId }) => lineId)
  }

  /** Claims count whether or not their time is over: until they are swept nobody else has the units. */
  of(cart: SeenCart, at: Instant): CartGoods {
    const quote = this.#quoteByCart.get(cart.id)
    return {
      quote: quote !== undefined && isHolding(quote, { cartVersion: cart.version, at }) ? quote : null,
      held: cart.lineIds.map((lineId) => this.#heldByLine.get(lineId) ?? []),
    }
  }

  put(cart: SeenCart, { quote, held }: QuoteDraft): void {
    this.#quoteByCart.set(cart.id, quote)
    for (const [line, lineId] of cart.lineIds.entries()) this.#heldByLine.set(lineId, held[line] ?? [])
  }
}
