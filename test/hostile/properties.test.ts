/** What may stand in a request: everything that the description does not allow is refused, and nothing is written. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import type { ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf } from '../support/api-judge.ts'
import { mutantsOf } from '../support/api-mutants.ts'
import type { ApiOperation } from '../support/api-operations.ts'
import { openShop, type Shop } from '../support/api-scenes.ts'
import { newKey } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop
/** A request of each operation that would succeed; what it is about has been made. */
const requests = new Map<string, ApiRequest>()
const requestOf = ({ name }: ApiOperation): ApiRequest => must(requests.get(name), `the request of ${name}`)

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
  for (const operation of api.operations) requests.set(operation.name, await shop.example(operation))
})
after(() => api.close())

test('a body with one thing wrong: 422, and nothing is written', async () => {
  const withBody = api.operations.filter(({ body }) => body !== null)
  const before = await readTables(api)
  let sent = 0
  const found = await faultsOf(withBody, async (operation) => {
    const faults: (string | null)[] = []
    const { body, ...request } = requestOf(operation)
    for (const { what, text, isInRow } of mutantsOf(operation.body ?? {}, body)) {
      sent++
      const answer = await api.send({ ...request, headers: { ...request.headers, 'idempotency-key': newKey() }, raw: text })
      const isTold = isInRow && answer.status === 200 && answer.json.results[0].status === 'error'
      faults.push(answer.status === 422 || isTold ? faultOf(operation, answer) : `${what}: ${answer.status} ${answer.text.slice(0, 300)}`)
    }
    return faults
  })
  assert.ok(sent > 1_000, `only ${sent} bodies were wrong`)
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})
