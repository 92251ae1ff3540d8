import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import type { Channel } from '../merchant/index.ts'
import { checkProvider } from './check-provider.ts'
import type { IdentityProvider } from './provider.ts'

const channelId = newId<'channel'>()
const sound: IdentityProvider = {
  id: newId(),
  code: 'login',
  name: 'Login',
  channelIds: [channelId],
  issuer: 'https://login.example.com',
  audience: 'shop',
  jwksUrl: 'https://login.example.com/keys',
  jwks: null,
  algorithms: ['ES256'],
  clockSkewS: 60,
  active: true,
  version: 1,
}
const other = { ...sound, id: newId<'identityProvider'>(), code: 'other', issuer: 'https://other.example.com' }
const ec = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }

// oxfmt-ignore
const rows: readonly (readonly [change: Partial<IdentityProvider>, reasons: string])[] = [
  [{},                                                              ''],
  [{ code: 'Login' },                                               'code invalid'],
  [{ code: 'other', name: ' ' },                                    'code taken, name blank'],
  [{ channelIds: [newId()] },                                       'channelIds unknown'],
  [{ issuer: 'http://login.example.com' },                          'issuer https_required'],
  [{ issuer: 'login' },                                             'issuer invalid'],
  [{ jwksUrl: 'http://127.0.0.1:4000/keys' },                       'jwksUrl https_required, jwksUrl invalid'],
  [{ jwksUrl: 'https://169.254.169.254/latest/meta-data' },         'jwksUrl invalid'],
  [{ jwksUrl: 'https://[::1]/keys' },                               'jwksUrl invalid'],
  [{ jwksUrl: 'https://me:secret@login.example.com/keys' },         'jwksUrl invalid'],
  [{ jwksUrl: null },                                               'jwksUrl keys_missing'],
  [{ jwks: { keys: [ec] } },                                        'jwks keys_twice'],
  [{ jwksUrl: null, jwks: { keys: [ec] } },                         ''],
  [{ jwksUrl: null, jwks: { keys: [] } },                           'jwks keys_missing'],
  [{ jwksUrl: null, jwks: { keys: [{ ...ec, d: 'd' }] } },          'jwks/keys/0 key_private'],
  [{ jwksUrl: null, jwks: { keys: [ec, { kty: 'oct', k: 'k' }] } }, 'jwks/keys/1 key_private'],
  [{ jwksUrl: null, jwks: { keys: [{ ...ec, crv: 'P-384' }] } },    'jwks/keys/0 key_unfit'],
  [{ jwksUrl: null, jwks: { keys: [{ ...ec, use: 'enc' }] } },      'jwks/keys/0 key_unfit'],
  [{ issuer: other.issuer },                                        'issuer overlaps'],
  [{ issuer: other.issuer, active: false },                         ''],
  [{ issuer: other.issuer, audience: 'till' },                      ''],
]

for (const [change, expected] of rows) {
  test(`${JSON.stringify(change)}: ${expected || 'accepted'}`, () => {
    assert.equal(reasonsOf({ ...sound, ...change }, false), expected)
  })
}

test('a sandbox may ask a provider on its own machine', () => {
  assert.equal(reasonsOf({ ...sound, jwksUrl: 'http://127.0.0.1:4000/keys' }, true), '')
  assert.equal(
    reasonsOf({ ...sound, jwksUrl: 'http://10.0.0.1/keys' }, true),
    'jwksUrl https_required, jwksUrl invalid',
  )
})

function reasonsOf(provider: IdentityProvider, allowsLoopback: boolean): string {
  const channelById = new Map([[channelId, {} as Channel]])
  const refusal = checkProvider(provider, { others: [other], channelById, allowsLoopback })
  return (refusal?.reasons ?? []).map(({ field, reason }) => `${field} ${reason}`).join(', ')
}
