import type { Db, Queryable } from '../../platform/db.ts'
import { readRevisions, RevisionedBook } from '../../platform/revision.ts'
import { buildBook, type MerchantBook } from './book.ts'
import { readConfiguration } from './merchant.sql.ts'

/** Who sells: the room's configuration, kept whole in memory on every node. */
export interface Merchant {
  /** The book at `revision` of this room or later; one small statement when it must be loaded, none otherwise. */
  bookAt(source: Queryable, revision: bigint): Promise<MerchantBook>
  /** The book as the database holds it now: asks for the revision first. */
  currentBook(source?: Queryable): Promise<MerchantBook>
  /** The book as last loaded, for reads that may be a second old or run while the database is away. */
  peek(): MerchantBook | undefined
}

export function openMerchant({ db }: { readonly db: Db }): Merchant {
  const books = new RevisionedBook(async (source: Queryable) => buildBook(await readConfiguration(source)))
  return {
    bookAt: (source, revision) => books.at(source, revision),
    currentBook: async (source = db) => books.at(source, (await readRevisions(source)).merchant),
    peek: () => books.peek(),
  }
}
