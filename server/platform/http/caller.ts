import { formatId, type Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'

/** Who makes a request, as its bearer key says. */
export type Caller =
  | { readonly kind: 'public' }
  | { readonly kind: 'publishable'; readonly keyId: Id<'apiKey'>; readonly channelId: Id<'channel'> }
  | { readonly kind: 'secret'; readonly keyId: Id<'apiKey'>; readonly scopes: readonly string[] }
  | { readonly kind: 'partner'; readonly keyId: Id<'apiKey'>; readonly locationIds: readonly Id<'location'>[] }

/**
 * What a route asks of its caller: nobody in particular, any publishable key, any partner key, or a secret key that
 * holds this very scope (`orders:write` does not include `orders:read`).
 */
export type Scope = 'public' | 'store' | 'partner' | `${string}:read` | `${string}:write`

export const publicCaller: Caller = { kind: 'public' }

export function holdsScope(caller: Caller, scope: Scope): boolean {
  switch (scope) {
    case 'public':
      return true
    case 'store':
      return caller.kind === 'publishable'
    case 'partner':
      return caller.kind === 'partner'
    default:
      return caller.kind === 'secret' && caller.scopes.includes(scope)
  }
}

/** Whether a scope belongs to the part of the API a path lies in: each kind of key opens one part only. */
export function scopeFitsPath(scope: Scope, path: string): boolean {
  if (path.startsWith('/v1/store/')) return scope === 'store'
  if (path.startsWith('/v1/partner/')) return scope === 'partner'
  if (path.startsWith('/v1/admin/')) return /^[a-z]+:(read|write)$/.test(scope)
  return scope === 'public'
}

/** The caller's name in the audit log, `key_01h…`. */
export function actorOf(caller: Caller): string {
  invariant(caller.kind !== 'public', 'what is audited has a key')
  return formatId('apiKey', caller.keyId)
}
