import type { Id, IdKind } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'

/** Something that only a person can settle, in the queue that people look at. */
export interface Exception {
  readonly id: Id<'exception'>
  /** What is wrong, in snake case: `payment_unknown`. With the object it names one open exception. */
  readonly reason: string
  readonly objectKind: IdKind
  readonly objectId: Id<IdKind>
  /** What a person needs to know, in the API's form. Person ids only, never personal data. */
  readonly facts: object
  readonly owner: string | null
  /** One sentence that says what to do. */
  readonly nextAction: string
  readonly raisedAt: Instant
  /** When it should be settled; null when it may wait. */
  readonly dueAt: Instant | null
  readonly closed: { readonly at: Instant; readonly by: string; readonly resolution: string } | null
}
