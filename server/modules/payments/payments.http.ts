import type { App } from '../../platform/http/index.ts'
import { mountGiftCards, type PaymentsHttpDeps } from './gift-cards.http.ts'
import { mountStoreCredits } from './store-credits.http.ts'

/** Stored value; orders are paid through checkout's routes. */
export function mountPayments(app: App, deps: PaymentsHttpDeps): void {
  mountGiftCards(app, deps)
  mountStoreCredits(app, deps)
}
