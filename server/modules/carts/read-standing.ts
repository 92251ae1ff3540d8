import { must } from '../../kernel/invariant.ts'
import type { Db, Queryable } from '../../platform/db.ts'
import type { Revisions } from '../../platform/revision.ts'
import type { Customers } from '../customers/index.ts'
import { readUses, type Pricing } from '../pricing/index.ts'
import type { Cart } from './cart.ts'
import { buyerQuestion } from './decide-delivery.ts'
import { groupChoices } from './price-sale.ts'
import type { SellingWorld, Standing } from './selling-world.ts'

/** What a cart's buyer is to the merchant now: nothing of it is promised. */
export async function readStanding(
  customers: Customers,
  source: Queryable,
  cart: Pick<Cart, 'lines' | 'groups' | 'personId' | 'codes'>,
  { revisions, world }: { readonly revisions: Revisions; readonly world: SellingWorld },
): Promise<Standing> {
  const { at, pricing } = world
  const questions = [buyerQuestion(cart.personId, groupChoices(cart), world)]
  const [buyer] = await customers.buyersAt(source, revisions.customers, { questions, at })
  const known = must(buyer, 'an answer for the question')
  const ask = { codes: cart.codes, customerKey: known.usesKey }
  return { buyer: known, offers: (await readUses(source, pricing, [ask], at)).offersFor(ask, pricing) }
}

/** Which of these texts no promotion has as its code. */
export async function unknownCodes(pricing: Pricing, db: Db, codes: readonly string[]): Promise<string[]> {
  if (codes.length === 0) return []
  const [book, { at }] = await Promise.all([pricing.currentBook(), db.clock()])
  const ask = { codes, customerKey: null }
  const offers = (await readUses(db, book, [ask], at)).offersFor(ask, book)
  return offers.codes.flatMap(({ code, found }) => (found === null ? [code] : []))
}
