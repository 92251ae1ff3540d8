/** Rooms and platform services whose admin routes a secret key or user may be let into. */
const areas = [
  'audit',
  'browse',
  'carts',
  'catalog',
  'changes',
  'checkout',
  'customers',
  'documents',
  'events',
  'exceptions',
  'fulfillment',
  'identity',
  'insights',
  'integrations',
  'inventory',
  'merchant',
  'notifications',
  'orders',
  'orderviews',
  'payments',
  'personalization',
  'pricing',
  'returns',
  'risk',
  'shipping',
  'sourcing',
  'webhooks',
] as const

export type AdminScope = `${(typeof areas)[number]}:${'read' | 'write'}`

/** Every scope there is. Writing does not include reading: a key that feeds counts in need not see the stock. */
export const adminScopes: readonly AdminScope[] = areas.flatMap((area) => [
  `${area}:read` as const,
  `${area}:write` as const,
])

const known: ReadonlySet<string> = new Set(adminScopes)

export function isAdminScope(text: string): text is AdminScope {
  return known.has(text)
}
