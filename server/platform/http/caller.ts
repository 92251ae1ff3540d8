import { formatId, type Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'

/** The account's owner behind a head's request, as the `Waybill-Customer-Token` says. */
export interface SignedInCustomer {
  readonly personId: Id<'person'>
  /** Null for who brings an identity provider's token instead of a session of ours. */
  readonly sessionId: Id<'session'> | null
}

/** Who makes a request, as its bearer key says. */
export type Caller =
  | { readonly kind: 'public' }
  | PublishableCaller
  | { readonly kind: 'secret'; readonly keyId: Id<'apiKey'>; readonly scopes: readonly string[] }
  | { readonly kind: 'partner'; readonly keyId: Id<'apiKey'>; readonly locationIds: readonly Id<'location'>[] }

export interface PublishableCaller {
  readonly kind: 'publishable'
  readonly keyId: Id<'apiKey'>
  readonly channelId: Id<'channel'>
  /** Absent for a guest. */
  readonly customer?: SignedInCustomer
}

/** Whether a customer's token is needed, looked at where there is one, or none of the route's business. */
export type CustomerNeed = 'required' | 'optional' | 'ignored'

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

/** The account behind a request of a route declared `customer: 'required'`. */
export function customerOf(caller: Caller): SignedInCustomer {
  invariant(
    caller.kind === 'publishable' && caller.customer !== undefined,
    "the route is declared customer: 'required'",
  )
  return caller.customer
}
