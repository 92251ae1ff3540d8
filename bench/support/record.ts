import type { Db, Statement, Tx } from '../../server/platform/db.ts'

/** What one transaction sent, in order, without its BEGIN and COMMIT. */
export type RecordedTransaction = readonly Statement[]

/** A `Db` that notes every statement of every transaction it commits. */
export function recordingDb(db: Db, onCommitted: (statements: RecordedTransaction) => void): Db {
  return {
    rows: (statement) => db.rows(statement),
    execute: (statement) => db.execute(statement),
    clock: () => db.clock(),
    poolUse: () => db.poolUse(),
    close: () => db.close(),
    async inTransaction(work) {
      let statements: Statement[] = []
      const result = await db.inTransaction((tx) => {
        // A repeated attempt starts over.
        statements = []
        return work(
          new Proxy(tx, {
            get(target, property) {
              const value: unknown = Reflect.get(target, property, target)
              if (typeof value !== 'function') return value
              return (statement: Statement) => {
                statements.push(statement)
                return (value as (statement: Statement) => unknown).call(target, statement)
              }
            },
          }) satisfies Tx,
        )
      })
      onCommitted(statements)
      return result
    },
  }
}
