import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose'
import { newId, type Id } from '../../kernel/id.ts'
import { addMs, MINUTE_MS, SECOND_MS, type Instant } from '../../kernel/time.ts'
import { proveLogin } from './prove-login.ts'
import type { JwksAnswer } from './ports.ts'
import type { IdentityProvider } from './provider.ts'
import { ProviderKeys } from './provider-keys.ts'

const wallAt = Date.UTC(2026, 10, 22, 12) as Instant
const channelId = newId<'channel'>()
const issuer = 'https://login.example.com'

interface Signer {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}
let first: Signer
let second: Signer
let stranger: Signer

before(async () => {
  first = await signer('k1')
  second = await signer('k2')
  stranger = await signer('k1')
})

async function signer(kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } }
}

function provider(fields: Partial<IdentityProvider> = {}): IdentityProvider {
  return {
    id: newId(),
    code: 'login',
    name: 'Login',
    channelIds: [channelId],
    issuer,
    audience: 'shop',
    jwksUrl: null,
    jwks: { keys: [first.jwk] },
    algorithms: ['ES256'],
    clockSkewS: 60,
    active: true,
    version: 1,
    ...fields,
  }
}

interface Claims {
  readonly by?: Signer
  readonly kid?: string
  readonly issuer?: string
  readonly audience?: string
  readonly subject?: string | null
  readonly expiresInS?: number | null
  readonly issuedInS?: number
  readonly notBeforeInS?: number
  readonly extra?: Record<string, unknown>
}

function sign(claims: Claims = {}): Promise<string> {
  const { by = first, expiresInS = 300, issuedInS = 0, notBeforeInS, subject = 'ada' } = claims
  const seconds = (inS: number): number => wallAt / SECOND_MS + inS
  const token = new SignJWT({ ...claims.extra })
    .setProtectedHeader({ alg: 'ES256', kid: claims.kid ?? by.jwk.kid ?? '' })
    .setIssuer(claims.issuer ?? issuer)
    .setAudience(claims.audience ?? 'shop')
    .setIssuedAt(seconds(issuedInS))
  if (subject !== null) token.setSubject(subject)
  if (expiresInS !== null) token.setExpirationTime(seconds(expiresInS))
  if (notBeforeInS !== undefined) token.setNotBefore(seconds(notBeforeInS))
  return token.sign(by.privateKey)
}

const nobody = new ProviderKeys(async () => ({ kind: 'unavailable', cause: 'not asked' }))

async function prove(token: string, fields: Partial<IdentityProvider> = {}, at: Id<'channel'> = channelId) {
  return proveLogin({ providers: [provider(fields)], keys: nobody }, { channelId: at, token, wallAt })
}

// oxfmt-ignore
const rows: readonly (readonly [what: string, token: () => Promise<string>, kind: 'proven' | 'refused'])[] = [
  ['a good token',                        () => sign(),                                         'proven'],
  ['over within the skew',                () => sign({ expiresInS: -59 }),                      'proven'],
  ['over beyond the skew',                () => sign({ expiresInS: -61 }),                      'refused'],
  ['without an end',                      () => sign({ expiresInS: null }),                     'refused'],
  ['not valid yet',                       () => sign({ notBeforeInS: 61 }),                     'refused'],
  ['made in the future',                  () => sign({ issuedInS: 61 }),                        'refused'],
  ['without a subject',                   () => sign({ subject: null }),                        'refused'],
  ['with an endless subject',             () => sign({ subject: 'a'.repeat(256) }),             'refused'],
  ['of another issuer',                   () => sign({ issuer: 'https://login.example.org' }),  'refused'],
  ['for another audience',                () => sign({ audience: 'other' }),                    'refused'],
  ['signed by a stranger',                () => sign({ by: stranger }),                         'refused'],
  ['signed with a key nobody knows',      () => sign({ by: second }),                           'refused'],
  ['cut off',                             async () => (await sign()).slice(0, -3),              'refused'],
  ['no token',                            async () => 'a.b.c',                                  'refused'],
  ['empty',                               async () => '',                                       'refused'],
]

for (const [what, token, kind] of rows) {
  test(`${what}: ${kind}`, async () => assert.equal((await prove(await token())).kind, kind))
}

test('nothing but the algorithms on the list: neither none, nor a key used as a shared secret', async () => {
  const claims = { iss: issuer, aud: 'shop', sub: 'ada', exp: wallAt / SECOND_MS + 300 }
  assert.equal((await prove(new UnsecuredJWT(claims).encode())).kind, 'refused')
  const shared = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
    .sign(Buffer.from(JSON.stringify(first.jwk)))
  assert.equal((await prove(shared)).kind, 'refused')
  assert.equal((await prove(await sign(), { algorithms: ['RS256'] })).kind, 'refused', 'not on the list')
})

test('a provider vouches at its own channels, and while it is active', async () => {
  const token = await sign()
  assert.equal((await prove(token, {}, newId())).kind, 'refused')
  assert.equal((await prove(token, { active: false })).kind, 'refused')
})

test('an e-mail is believed when the provider says that it was verified', async () => {
  for (const [isVerified, expected] of [
    [true, 'ada@example.com'],
    ['true', 'ada@example.com'],
    [false, null],
    [undefined, null],
    [1, null],
  ] as const) {
    const extra = { email: 'ada@example.com', ...(isVerified === undefined ? {} : { email_verified: isVerified }) }
    const proof = await prove(await sign({ extra }))
    assert.equal(proof.kind === 'proven' && proof.login.verifiedEmail, expected, String(isVerified))
  }
})

test('keys rotate: an unknown one is asked for, at most every 30 seconds', async () => {
  let answer: JwksAnswer = { kind: 'keys', jwks: { keys: [first.jwk] } }
  let asked = 0
  const keys = new ProviderKeys(async () => {
    asked++
    return answer
  })
  const fields = { jwks: null, jwksUrl: `${issuer}/keys` }
  const proveAt = async (token: string, at: Instant) =>
    (await proveLogin({ providers: [provider(fields)], keys }, { channelId, token, wallAt: at })).kind
  const [old, renewed] = [await sign(), await sign({ by: second })]
  assert.deepEqual(await Promise.all(Array.from({ length: 40 }, () => proveAt(old, wallAt))), Array(40).fill('proven'))
  assert.equal(asked, 1, 'who waits for the same keys shares one call')
  answer = { kind: 'keys', jwks: { keys: [second.jwk] } }
  assert.equal(await proveAt(renewed, addMs(wallAt, 29 * SECOND_MS)), 'refused')
  assert.equal(asked, 1, 'made-up key ids do not make us ask')
  assert.equal(await proveAt(renewed, addMs(wallAt, 30 * SECOND_MS)), 'proven')
  assert.equal(await proveAt(old, addMs(wallAt, 31 * SECOND_MS)), 'refused', 'a key that was taken back')
  assert.equal(asked, 2)
})

test('while a provider is away its keys are believed for a day, and it is asked ever less often', async () => {
  let answer: JwksAnswer = { kind: 'unavailable', cause: 'away' }
  let asked = 0
  const keys = new ProviderKeys(async () => {
    asked++
    return answer
  })
  const url = `${issuer}/keys`
  assert.equal(await keys.at(url, wallAt), null)
  assert.equal(await keys.at(url, addMs(wallAt, 999)), null)
  assert.equal(asked, 1, 'not within the second')
  assert.equal(await keys.at(url, addMs(wallAt, 1_000)), null)
  assert.equal(await keys.at(url, addMs(wallAt, 2_999)), null)
  assert.equal(asked, 2, 'then not within two')
  answer = { kind: 'keys', jwks: { keys: [first.jwk] } }
  assert.ok(await keys.at(url, addMs(wallAt, 3_000)))
  answer = { kind: 'unavailable', cause: 'away' }
  assert.ok(await keys.at(url, addMs(wallAt, 23 * 60 * MINUTE_MS)), 'believed')
  assert.equal(await keys.at(url, addMs(wallAt, 25 * 60 * MINUTE_MS)), null, 'not for ever')
})

test('without keys a login is neither proven nor refused', async () => {
  const providers = [provider({ jwks: null, jwksUrl: `${issuer}/keys` })]
  const proof = await proveLogin({ providers, keys: nobody }, { channelId, token: await sign(), wallAt })
  assert.equal(proof.kind, 'away')
})
