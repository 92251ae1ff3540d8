/**
 * JSON that is the same for the same content: the properties of objects in order of their names, whole numbers of any
 * size as text. A list in another order is another content.
 */
export function canonicalJson(content: object): string {
  return JSON.stringify(content, inOrder)
}

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
