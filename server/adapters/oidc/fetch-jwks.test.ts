import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { createJwksFetcher } from './fetch-jwks.ts'
import { isPublicAddress } from './public-address.ts'

const sandbox = createJwksFetcher({ allowsLoopback: true })
const merchants = createJwksFetcher({ allowsLoopback: false })
const servers: Server[] = []
after(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await Promise.all([sandbox.close(), merchants.close()])
})

function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`)),
  )
}

const keySet = JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] })

const answers: readonly (readonly [what: string, listener: RequestListener, cause: RegExp | null])[] = [
  ['a key set', (_, reply) => reply.end(keySet), null],
  ['a redirect', (_, reply) => reply.writeHead(302, { location: 'http://127.0.0.1/' }).end(), /302/],
  ['a failure', (_, reply) => reply.writeHead(500).end(keySet), /500/],
  ['no JSON', (_, reply) => reply.end('<html>'), /JSON/],
  ['no keys', (_, reply) => reply.end('{"keys":[1]}'), /not a key set/],
  ['no end of it', (_, reply) => reply.end('x'.repeat(300_000)), /above 262144 bytes/],
  ['a drip', (_, reply) => void reply.write('{'), /aborted|timeout/i],
]

for (const [what, listener, cause] of answers) {
  test(`${what}: ${cause === null ? 'keys' : 'unavailable'}`, async () => {
    const answer = await sandbox.fetch(await serve(listener))
    if (answer.kind === 'keys') return assert.equal(cause, null)
    assert.match(answer.cause, cause ?? /never/)
  })
}

test('the server of a merchant asks nobody at home, whatever the name says', async () => {
  let asked = 0
  const url = await serve((_, reply) => {
    asked++
    reply.end(keySet)
  })
  const port = new URL(url).port
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1', '169.254.169.254']) {
    for (const scheme of ['http', 'https']) {
      assert.equal((await merchants.fetch(`${scheme}://${host}:${port}/keys`)).kind, 'unavailable', `${scheme} ${host}`)
    }
  }
  assert.equal(asked, 0)
})

// oxfmt-ignore
const addresses = [
  ['8.8.8.8', true], ['2606:4700::1111', true],
  ['127.0.0.1', false], ['10.1.2.3', false], ['172.31.0.1', false], ['192.168.1.1', false], ['169.254.169.254', false],
  ['100.64.0.1', false], ['0.0.0.0', false], ['224.0.0.1', false], ['255.255.255.255', false],
  ['::1', false], ['::', false], ['fe80::1', false], ['fd00::1', false], ['::ffff:8.8.8.8', false],
  ['2002:7f00:1::', false], ['2001:db8::1', false], ['64:ff9b::a00:1', false], ['not an address', false],
] as const

for (const [address, isPublic] of addresses) {
  test(`${address} is ${isPublic ? '' : 'not '}public`, () => assert.equal(isPublicAddress(address), isPublic))
}
