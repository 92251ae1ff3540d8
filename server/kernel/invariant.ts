/** Thrown when the program itself is wrong. What a caller may legitimately send is answered with a value instead. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** Throws unless `condition` holds: for our bugs, never for the world's. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** Closes a `switch` over a union: the compiler refuses a case that was forgotten. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`)
}

/** An array element, a map entry or a query's first row that must be there. */
export function must<Value>(value: Value | null | undefined, what: string): Value {
  if (value === null || value === undefined) throw new InvariantError(`missing: ${what}`)
  return value
}
