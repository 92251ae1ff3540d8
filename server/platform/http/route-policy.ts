import type { RouteOptions } from 'fastify'
import type { TSchema } from 'typebox'
import { scopeFitsPath, type CustomerNeed, type Scope } from './caller.ts'
import type { Idempotent } from './app.ts'
import type { RefusalTable } from './refusals.ts'

/** What a route declares about who may call it, and how often. */
export interface RoutePolicy {
  readonly method: string
  /** The template, `/v1/store/orders/:id`. */
  readonly path: string
  readonly scope: Scope
  readonly idempotent: Idempotent
  readonly ifMatch: 'required' | 'optional' | null
  readonly customer: CustomerNeed
}

/** A route as the API description shows it. */
export interface Operation extends RoutePolicy {
  readonly summary: string
  readonly description: string | null
  readonly tags: readonly string[]
  readonly body: TSchema | null
  readonly query: TSchema | null
  readonly params: TSchema | null
  readonly responses: Readonly<Record<string, TSchema>>
  readonly refusals: RefusalTable
  readonly isHidden: boolean
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Reads a route's declarations; throws, and so stops the start, when one is missing or contradicts another. */
export function readOperation({ method, url: path, config, schema }: RouteOptions): Operation {
  const name = `${String(method)} ${path}`
  const refuse = (sentence: string): never => {
    throw new Error(`${name}: ${sentence}`)
  }
  if (typeof method !== 'string' || !methods.includes(method)) return refuse(`one of ${methods.join(', ')} a route`)
  const isRead = method === 'GET' || method === 'HEAD'
  if (config?.scope === undefined) return refuse('declares no scope')
  if (!scopeFitsPath(config.scope, path))
    return refuse(`the scope ${config.scope} does not belong to this part of the API`)
  if (isRead && config.idempotent !== undefined && config.idempotent !== 'safe') return refuse('a read is safe')
  if (config.customer !== undefined && config.scope !== 'store') return refuse('a customer comes through a head')
  if (!isRead && config.idempotent === undefined) return refuse('declares no idempotent')
  if (config.idempotent === 'key' && config.scope === 'public') return refuse('a key belongs to a caller')
  if (schema?.hide !== true && (schema?.summary ?? '') === '') return refuse('has no summary')
  return {
    method,
    path,
    scope: config.scope,
    idempotent: config.idempotent ?? 'safe',
    ifMatch: config.ifMatch ?? null,
    customer: config.customer ?? (config.scope === 'store' ? 'optional' : 'ignored'),
    summary: schema?.summary ?? '',
    description: schema?.description ?? null,
    tags: schema?.tags ?? [],
    body: schema?.body ?? null,
    query: schema?.querystring ?? null,
    params: schema?.params ?? null,
    responses: (schema?.response ?? {}) as Record<string, TSchema>,
    refusals: config.refusals ?? {},
    isHidden: schema?.hide === true,
  }
}
