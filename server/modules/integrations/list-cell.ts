/** Several things in one cell: `red|blue`. A bar within one is written `\|`, a backslash `\\`. */
export function writeList(items: readonly string[]): string {
  return items.map((item) => item.replaceAll(/[\\|]/g, '\\$&')).join('|')
}

/** Blanks around an item, and items that are nothing else, are left out. */
export function readList(cell: string): string[] {
  const items = ['']
  for (const [piece] of cell.matchAll(/\\[\\|]|[^]/g)) {
    if (piece === '|') items.push('')
    else items.push(`${items.pop() ?? ''}${piece.length === 2 ? piece.slice(1) : piece}`)
  }
  return items.map((item) => item.trim()).filter((item) => item !== '')
}
