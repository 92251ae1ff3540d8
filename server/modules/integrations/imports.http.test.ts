import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openTestApi, readTables, type TestApi } from '../../../test/support/api.ts'
import { runAudits } from '../../platform/audits/run-audits.ts'
import { fileKindNames, type FileKindName } from './file-kind.ts'

/* Files in and out of the demo merchant, over HTTP. */

let api: TestApi
before(async () => {
  api = await openTestApi({ works: true })
})
after(() => api.close())

const auth = () => ({ authorization: `Bearer ${api.keys.secretKey}` })

interface Sent {
  readonly dryRun?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: string
}

function send(
  kind: FileKindName,
  file: string | Buffer,
  { dryRun = false, headers = {}, key = randomUUID() }: Sent = {},
) {
  return api.send({
    method: 'POST',
    path: `/v1/admin/imports/${kind}${dryRun ? '?dryRun=true' : ''}`,
    headers: { ...auth(), 'content-type': 'text/csv', 'idempotency-key': key, ...headers },
    raw: file,
  })
}

const get = (path: string) => api.send({ method: 'GET', path, headers: auth() })

/** Hands in a file and waits until every row of it is taken. */
async function take(kind: FileKindName, file: string | Buffer, sent: Sent = {}) {
  const accepted = await send(kind, file, sent)
  assert.equal(accepted.status, 202, accepted.text)
  for (;;) {
    const { json } = await get(`/v1/admin/imports/${accepted.json.id}`)
    if (json.status !== 'running') return json
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function refusedRows(id: string) {
  const { json } = await get(`/v1/admin/imports/${id}/rows?outcome=refused`)
  return json.items.map((row: { line: number; problems: { column: string; value: string; code: string }[] }) => [
    row.line,
    ...row.problems.map(({ column, value, code }) => `${column} ${value} ${code}`),
  ])
}

async function exported(kind: FileKindName): Promise<string> {
  const { status, text } = await get(`/v1/admin/exports/${kind}`)
  assert.equal(status, 200, text)
  return text
}

test('what comes out goes in again and changes nothing', async () => {
  await take(
    'customers',
    'email,name,tags,address_line1,address_city,address_postal_code,address_country\nada@example.com,=Ada,vip,Main St 1,Berlin,10115,DE\n',
  )
  for (const kind of fileKindNames) {
    const file = await exported(kind)
    assert(file.split('\n').length > 2, `${kind} are something`)
    for (const dryRun of [true, false]) {
      const { rows, ...taken } = await take(kind, file, { dryRun })
      assert.equal(taken.status, 'completed')
      assert.deepEqual(
        rows,
        { total: rows.total, created: 0, changed: 0, unchanged: rows.total, refused: 0 },
        `${kind} ${JSON.stringify(await refusedRows(taken.id))}`,
      )
      assert(rows.total > 0)
    }
    const again = await exported(kind)
    const bare = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '')
    assert.equal(kind === 'stock' ? bare(again) : again, kind === 'stock' ? bare(file) : file)
  }
})

const products = [
  'handle,title,sku,kind,option:size,title:de,components,weight_grams,brand',
  'csv-kit,A kit,CSV-KIT,bundle,,,2*CSV-MUG|1*CSV-TEE-S,,',
  'csv-tee,"Tee, ""soft""",CSV-TEE-S,physical,S,T-Shirt,,150,Waybill',
  'csv-tee,,CSV-TEE-M,physical,M,,,160,',
  'csv-mug,Mug,CSV-MUG,physical,,,,300,',
].join('\n')

test('a dry run tells what a run then does, and writes nothing of it', async () => {
  const before = await readTables(api)
  const foreseen = await take('products', products, { dryRun: true })
  const after = await readTables(api)
  const touched = Object.keys(after).filter((name) => after[name] !== before[name])
  assert.deepEqual(
    touched.filter(
      (name) =>
        !/^(integrations\.file_|platform\.(audit_entry|idempotency|lease|process|reader|audit)|graphile)/.test(name),
    ),
    [],
  )
  assert.deepEqual(foreseen.rows, { total: 4, created: 4, changed: 0, unchanged: 0, refused: 0 })
  const done = await take('products', products)
  assert.deepEqual(done.rows, foreseen.rows)
  assert.deepEqual((await take('products', gzipSync(products), { headers: { 'content-encoding': 'gzip' } })).rows, {
    ...foreseen.rows,
    created: 0,
    unchanged: 4,
  })
  const { json } = await get('/v1/admin/products?query=CSV-TEE-M')
  assert.equal(json.items[0].title, 'Tee, "soft"')
  assert.deepEqual(json.items[0].texts, { de: { title: 'T-Shirt' } })
})

test('every problem of a row is told, with its column and what stands there', async () => {
  const file = [
    'handle,sku,title,kind,weight_grams,categories,option:size,attribute:nosuch,separable',
    'bad-1,BAD-1,,rocket,heavy,nosuch,S,x,perhaps',
    'bad-2,BAD-2,Fine,,,,,,',
    'bad-2,,,,,,,,',
    'bad-3,BAD-3,Fine,,,,,,',
    'bad-2,BAD-2,Again,,,,,,',
    'bad-4,BAD-4,4111 1111 1111 1111,,,,,,',
  ].join('\n')
  const { id, rows } = await take('products', file, { dryRun: true })
  assert.deepEqual(rows, { total: 6, created: 1, changed: 0, unchanged: 0, refused: 5 })
  assert.deepEqual(await refusedRows(id), [
    [
      2,
      'attribute:nosuch x attribute_unknown',
      'separable perhaps not_a_choice',
      'weight_grams heavy not_a_whole_number',
      'kind rocket invalid',
    ],
    [3, 'null null neighbour_refused'],
    [4, 'sku  value_required'],
    [6, 'null null row_repeated', 'null null rows_apart'],
    [7, 'title null card_number'],
  ])
})

test('the refused rows come back as a file that goes in once it is corrected', async () => {
  const file = 'price_list;sku;price;min_quantity\nnosuch;CSV-MUG;1,50;0\nweb-usd;CSV-MUG;=1+1;\n'
  const { json: lists } = await get('/v1/admin/price-lists')
  const list = lists.items.find(({ currency }: { currency: string }) => currency === 'USD').code
  const { id, rows } = await take('prices', file.replaceAll('web-usd', list))
  assert.equal(rows.refused, 2)
  assert.deepEqual(await refusedRows(id), [
    [2, 'min_quantity 0 not_a_whole_number', 'price_list nosuch price_list_unknown'],
    [3, 'price =1+1 not_a_price'],
  ])
  const { text } = await get(`/v1/admin/imports/${id}/refused`)
  assert.match(text, /,'=1\+1,/)
  const right = text.replace(/^nosuch.*\r\n/m, '').replace("'=1+1", '12.50')
  const corrected = await take('prices', right)
  assert.equal(corrected.rows.created, 1, JSON.stringify(await refusedRows(corrected.id)))
})

test('counts are taken by whoever sent them, and merged with what happens since', async () => {
  const { json: locations } = await get('/v1/admin/locations')
  const location = locations.items[0].code
  const file = `sku,location,quantity\nCSV-MUG,${location},12\nCSV-KIT,${location},1\nCSV-MUG,${location},13\nNOSUCH,nowhere,-1\n`
  const { id, rows } = await take('stock', file)
  assert.deepEqual(rows, { total: 4, created: 0, changed: 1, unchanged: 0, refused: 3 })
  assert.deepEqual(await refusedRows(id), [
    [3, 'sku CSV-KIT sku_not_stocked'],
    [4, 'null null row_repeated'],
    [5, 'quantity -1 not_a_whole_number', 'sku NOSUCH sku_unknown', 'location nowhere location_unknown'],
  ])
  const { json } = await get(`/v1/admin/inventory/levels?sku=CSV-MUG`)
  assert.equal(json.items[0].onHand, 12)
})

test('personal data stands in the vault alone', async () => {
  const file =
    'email,name,phone,tags,address_line1,address_country\nsecret.person@example.com,Very Secret,+49301234567,Not A Tag,Hidden Street 7,XX\nplain@example.com,Very Secret,,,,\n'
  const { id, rows } = await take('customers', file)
  assert.deepEqual(rows, { total: 2, created: 1, changed: 0, unchanged: 0, refused: 1 })
  const refused = JSON.stringify(await refusedRows(id))
  assert.match(refused, /tags Not A Tag tag_invalid/)
  assert.match(refused, /address_country XX address_invalid/)
  const dump = await api.node.db.rows<{ found: string }>({
    name: 'test.dump',
    text: `select table_name || ' ' || query_to_xml(format('select * from %I.%I', table_schema, table_name), true, true, '')::text as found
             from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema', 'graphile_worker') and table_type = 'BASE TABLE'`,
  })
  assert.deepEqual(
    dump
      .filter(({ found }) => /secret\.person|Very Secret|Hidden Street|49301234567/.test(found))
      .map(({ found }) => found.slice(0, 60)),
    [],
  )
  assert.deepEqual(
    api.log.filter((line) => /secret\.person|Very Secret|Hidden Street/.test(line)),
    [],
  )
})

const whole = [
  ['', 'file_empty', 422],
  ['sku,colour,sku\n', 'file_columns', 422],
  [Buffer.from('sku,location,quantity\nGr\u00f6\u00dfe,a,1\n', 'latin1'), 'file_not_utf8', 422],
  ['sku,location,quantity\n"a,b,1\n', 'file_not_csv', 422],
] as const

test('what is no file of the kind is refused whole, and leaves nothing', async () => {
  for (const [file, code, status] of whole) {
    const answer = await send('stock', file)
    assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text)
  }
  const { json } = await send('stock', 'sku,colour,sku\n')
  assert.deepEqual(json.errors, [
    { path: '/colour', message: 'is not a column of this kind of file' },
    { path: '/sku', message: 'is there twice' },
    { path: '/location', message: 'is missing' },
    { path: '/quantity', message: 'is missing' },
  ])
  const json415 = await api.send({
    method: 'POST',
    path: '/v1/admin/imports/stock',
    headers: { ...auth(), 'idempotency-key': randomUUID() },
    body: {},
  })
  assert.equal(json415.status, 415)
  const left = await api.node.db.rows({
    name: 'test.left',
    text: `select from integrations.file_import where status = 'receiving'`,
  })
  assert.equal(left.length, 0)
})

test('a repeated request is answered with the first import; another file under its key is refused', async () => {
  const key = randomUUID()
  const file = 'handle,sku,title\nonce,ONCE-1,Once\n'
  const answers = await Promise.all(Array.from({ length: 10 }, () => send('products', file, { key })))
  const ids = new Set(answers.filter(({ status }) => status === 202).map(({ json }) => json.id))
  assert.equal(ids.size, 1)
  assert.deepEqual(
    [...new Set(answers.map(({ status }) => status))].filter((status) => status !== 202 && status !== 409),
    [],
  )
  assert.equal((await send('products', `${file}once,ONCE-2,\n`, { key })).status, 422)
  // What was received in vain goes behind the answer.
  for (;;) {
    const left = await api.node.db.rows({
      name: 'test.left',
      text: `select from integrations.file_import where status = 'receiving'`,
    })
    if (left.length === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

test('the books are right at the end', async () => {
  const results = await runAudits(api.node.db)
  assert.deepEqual(
    results.filter(({ violations }) => violations > 0),
    [],
  )
})
