import { Type, type Static, type TSchema } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  AddressJson,
  CountryCode,
  decodeCursor,
  Email,
  encodeCursor,
  idJson,
  InstantJson,
  line,
  once,
  page,
  pageQuery,
  Phone,
  readId,
  refusePlatform,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { refusals } from './customers.refusals.ts'
import type { Customers } from './open-customers.ts'
import type { Person, PersonAddress } from './person.ts'

const tags = ['customers']
const params = strict({ id: idJson('person') })

/** People behind one contact: a guest is a person anew with every order. */
const FOUND_MAX = 100

const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const CustomerJson = strict(
  {
    id: idJson('person'),
    kind: Type.Union([Type.Literal('guest'), Type.Literal('account')]),
    email: nullable(Type.String()),
    name: nullable(Type.String()),
    phone: nullable(Type.String()),
    createdAt: InstantJson,
    erasedAt: Type.Union([InstantJson, Type.Null()], { description: 'When their personal data was destroyed.' }),
  },
  { title: 'Customer' },
)

const CustomerAddressJson = strict({
  id: idJson('address'),
  name: nullable(Type.String()),
  line1: nullable(Type.String()),
  line2: nullable(Type.String()),
  city: nullable(Type.String()),
  region: nullable(Type.String()),
  postalCode: nullable(Type.String()),
  country: CountryCode,
  phone: nullable(Type.String()),
})

const CustomerDetailJson = strict(
  { ...CustomerJson.properties, addresses: Type.Array(CustomerAddressJson) },
  { title: 'CustomerDetail' },
)

const NewCustomer = strict(
  {
    email: Email,
    name: Type.Optional(line(200)),
    phone: Type.Optional(Phone),
    address: Type.Optional(AddressJson),
  },
  { title: 'NewCustomer' },
)

const Search = Type.Union([strict({ email: Email }), strict({ phone: line(40), country: Type.Optional(CountryCode) })])

export function mountCustomers(app: App, { db, customers }: { readonly db: Db; readonly customers: Customers }): void {
  app.get(
    '/v1/admin/customers',
    {
      schema: {
        summary: 'Lists customers, newest first',
        tags,
        querystring: strict(pageQuery),
        response: { 200: page(CustomerJson) },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      const people = await customers.listPeople({ before: before[0] as Id<'person'> | null, limit: limit + 1 })
      const last = people.length > limit ? people[limit - 1] : undefined
      return reply.send({
        items: people.slice(0, limit).map(customerJson),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )

  app.post(
    '/v1/admin/customers/search',
    {
      schema: {
        summary: 'Finds customers by exact e-mail or telephone number',
        description: 'A POST, so that personal data stands in no URL and no access log. At most 100, newest first.',
        tags,
        body: Search,
        response: { 200: strict({ items: Type.Array(CustomerJson) }) },
      },
      config: { scope: 'customers:read', idempotent: 'safe' },
    },
    async (request, reply) => {
      const people = await customers.findPeople(db, request.body, FOUND_MAX)
      return reply.send({ items: people.map(customerJson) })
    },
  )

  app.get(
    '/v1/admin/customers/:id',
    {
      schema: { summary: 'Reads a customer with their addresses', tags, params, response: { 200: CustomerDetailJson } },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const detail = await readDetail(readId('person', request.params.id))
      return detail === null ? refusePlatform(reply, 'not_found') : reply.send(detail)
    },
  )

  app.post(
    '/v1/admin/customers',
    {
      schema: {
        summary: 'Gives a customer an account',
        tags,
        body: NewCustomer,
        response: { 201: CustomerDetailJson },
      },
      config: { scope: 'customers:write', idempotent: 'key', refusals },
    },
    async (request, reply) =>
      once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await customers.createAccount(tx, actorOf(request.caller), request.body)
          // The id alone is kept: personal data stands in the vault and nowhere else.
          return outcome.kind === 'refused'
            ? { refuse: outcome.refusal }
            : { status: 201, stored: { id: formatId('person', outcome.personId) } }
        },
        render: (stored) => readDetail(readId('person', stored.id)),
      }),
  )

  app.post(
    '/v1/admin/customers/:id/erase',
    {
      schema: {
        summary: "Destroys a customer's personal data for good",
        description: 'Orders and books keep the id, the country and the region. Done again, it changes nothing.',
        tags,
        params,
        response: { 200: CustomerDetailJson },
      },
      config: { scope: 'customers:write', idempotent: 'natural' },
    },
    async (request, reply) => {
      const id = readId('person', request.params.id)
      const isKnown = await db.inTransaction((tx) => customers.erasePerson(tx, { actor: actorOf(request.caller), id }))
      const detail = isKnown ? await readDetail(id) : null
      return detail === null ? refusePlatform(reply, 'not_found') : reply.send(detail)
    },
  )

  async function readDetail(id: Id<'person'>): Promise<Static<typeof CustomerDetailJson> | null> {
    const [people, addresses] = await Promise.all([customers.readPeople(db, [id]), customers.readAddressesOf(db, id)])
    const person = people.get(id)
    return person === undefined ? null : { ...customerJson(person), addresses: addresses.map(addressJson) }
  }
}

function customerJson({ id, kind, email, name, phone, createdAt, erasedAt }: Person): Static<typeof CustomerJson> {
  return {
    id: formatId('person', id),
    kind,
    email,
    name,
    phone,
    createdAt: formatInstant(createdAt),
    erasedAt: erasedAt === null ? null : formatInstant(erasedAt),
  }
}

function addressJson({ id, country, region, address }: PersonAddress): Static<typeof CustomerAddressJson> {
  return {
    id: formatId('address', id),
    name: address?.name ?? null,
    line1: address?.line1 ?? null,
    line2: address?.line2 ?? null,
    city: address?.city ?? null,
    region,
    postalCode: address?.postalCode ?? null,
    country,
    phone: address?.phone ?? null,
  }
}
