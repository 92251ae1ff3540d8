import type { Db, Queryable } from '../../platform/db.ts'
import { readRevisions, RevisionedBook } from '../../platform/revision.ts'
import { buildBook, type ShippingBook } from './book.ts'
import { readShipping } from './shipping.sql.ts'

/** How goods travel: carriers, their services and transit days, kept whole in memory on every node. */
export interface Shipping {
  /** The book at `revision` of this room or later; one small statement when it must be loaded, none otherwise. */
  bookAt(source: Queryable, revision: bigint): Promise<ShippingBook>
  /** The book as the database holds it now: asks for the revision first. */
  currentBook(source?: Queryable): Promise<ShippingBook>
  /** The book as last loaded, for reads that may be a second old or run while the database is away. */
  peek(): ShippingBook | undefined
}

export function openShipping({ db }: { readonly db: Db }): Shipping {
  const books = new RevisionedBook(async (source: Queryable) => buildBook(await readShipping(source)))
  return {
    bookAt: (source, revision) => books.at(source, revision),
    currentBook: async (source = db) => books.at(source, (await readRevisions(source)).shipping),
    peek: () => books.peek(),
  }
}
