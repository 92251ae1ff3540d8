import type { FilterRefusal } from './read-filters.ts'
import type { StorefrontRefusal } from './world.ts'

export type BrowseRefusal = StorefrontRefusal | FilterRefusal

/** What a shopper's head is told. */
export type Answer =
  | {
      readonly kind: 'found'
      readonly json: string
      /** Names the content, whatever the time; null where it is not to be kept. */
      readonly tag: string | null
      /** Whether a cache that serves many may keep it for a moment; else it is asked about each time. */
      readonly shared?: boolean
    }
  | { readonly kind: 'not_found' }
  /** The cursor is not of this list. */
  | { readonly kind: 'cursor_unknown' }
  | { readonly kind: 'refused'; readonly refusal: BrowseRefusal }

/** An answer, at once where everything it takes is in memory: a promise costs every request. */
export type Answering = Answer | Promise<Answer>
