/**
 * Works on items, several at a time, taking the next one as soon as one is done. After a failure no more are taken;
 * what was begun is waited for.
 *
 * @throws the first failure
 */
export async function eachAtOnce<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = items[Symbol.iterator]()
  const failures: unknown[] = []
  const workInTurn = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true && failures.length === 0; next = source.next()) {
      await work(next.value)
    }
  }
  await Promise.all(
    Array.from({ length: atOnce }, () => workInTurn().catch((error: unknown) => void failures.push(error))),
  )
  if (failures.length > 0) throw failures[0]
}
