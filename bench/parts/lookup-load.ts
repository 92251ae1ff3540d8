import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { partOptions } from '../support/child.ts'
import { runLoad } from '../support/measure.ts'

export interface Lookup {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export interface LookupLoadOptions {
  readonly url: string
  /** A file with a list of `Lookup` as JSON: thousands are more than an argument can hold. */
  readonly lookupsFile: string
  readonly concurrency: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/** GETs of orders from a process of its own; an answer without an order in it counts as failed. */
const { url, lookupsFile, ...load } = partOptions<LookupLoadOptions>()
const lookups = JSON.parse(readFileSync(lookupsFile, 'utf8')) as Lookup[]
const pool = new Pool(url, { connections: load.concurrency, pipelining: 1 })
const result = await runLoad({
  ...load,
  async call(index) {
    const lookup = lookups[index % lookups.length]
    if (lookup === undefined) throw new Error('something to look up')
    const { statusCode, body } = await pool.request({ method: 'GET', path: lookup.path, headers: lookup.headers })
    return (await body.text()).includes('"ord_') && statusCode === 200
  },
})
await pool.close()
process.stdout.write(`${JSON.stringify(result)}\n`)
