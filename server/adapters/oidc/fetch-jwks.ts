import type { JWK } from 'jose'
import { lookup as resolveName, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import type { FetchJwks, JwksAnswer } from '../../modules/identity/index.ts'
import { assertOutsideTransaction } from '../../platform/outside.ts'
import { isPublicAddress } from './public-address.ts'

/** Somebody waits for their page meanwhile. */
const DEADLINE_MS = 3_000
/** Twenty RSA keys with their certificates. */
const ANSWER_BYTES_MAX = 262_144

export interface JwksFetcher {
  readonly fetch: FetchJwks
  close(): Promise<void>
}

/**
 * Fetches public keys from the URL a merchant configured: by https, from a public address, without following redirects
 * and without believing what is too long, too late or no key set. The name is resolved once, by the connection itself,
 * so what was judged is what is asked.
 *
 * @param allowsLoopback  of a sandbox: a provider on this machine may be asked, also without TLS
 */
export function createJwksFetcher({ allowsLoopback }: { readonly allowsLoopback: boolean }): JwksFetcher {
  const agent = new Agent({ connect: { lookup: lookupPublic(allowsLoopback), timeout: DEADLINE_MS } })
  return {
    fetch: (url) => fetchJwks(agent, url, allowsLoopback),
    close: () => agent.close(),
  }
}

async function fetchJwks(agent: Agent, text: string, allowsLoopback: boolean): Promise<JwksAnswer> {
  assertOutsideTransaction('oidc.fetch_jwks')
  const url = URL.parse(text)
  if (url === null) return unavailable('not a URL')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isOwn = allowsLoopback && isLoopback(host)
  if (url.protocol !== 'https:' && !(isOwn && url.protocol === 'http:')) return unavailable('not https')
  // An address is connected to without being looked up.
  if (isIP(host) !== 0 && !isOwn && !isPublicAddress(host)) return unavailable('not a public address')
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      // Leaving the loop closes the connection.
      if (bytes > ANSWER_BYTES_MAX) return unavailable(`an answer above ${ANSWER_BYTES_MAX} bytes`)
      chunks.push(chunk)
    }
    if (statusCode !== 200) return unavailable(`answered ${statusCode}`)
    return readKeySet(Buffer.concat(chunks).toString())
  } catch (error) {
    // Whatever went wrong out there, and our deadline: to us the keys cannot be had.
    return unavailable(error instanceof Error ? error.message : String(error))
  }
}

function readKeySet(text: string): JwksAnswer {
  const parsed: unknown = JSON.parse(text)
  const keys: unknown = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : null
  if (!Array.isArray(keys)) return unavailable('not a key set')
  const sound = keys.filter(isKey)
  return sound.length === keys.length ? { kind: 'keys', jwks: { keys: sound } } : unavailable('not a key set')
}

/** What else a key must have depends on its type; jose looks at it when it is used. */
function isKey(key: unknown): key is JWK {
  return typeof key === 'object' && key !== null && 'kty' in key && typeof key.kty === 'string'
}

function lookupPublic(allowsLoopback: boolean): LookupFunction {
  return (hostname, options, done) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return done(error, [])
      const allowed = addresses.filter(
        ({ address }) => isPublicAddress(address) || (allowsLoopback && isLoopback(address)),
      )
      const [first] = allowed
      if (first === undefined) return done(new Error(`${hostname} has no public address`), [])
      if (options.all === true) return done(null, allowed)
      done(null, first.address, first.family)
    })
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

function unavailable(cause: string): JwksAnswer {
  return { kind: 'unavailable', cause }
}
