import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  AddressJson,
  CountryCode,
  decodeCursor,
  Email,
  encodeCursor,
  expectedVersion,
  idJson,
  InstantJson,
  line,
  Locale,
  once,
  page,
  pageQuery,
  Phone,
  readId,
  readInstant,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { accountOf } from './account.ts'
import { readAccountRows } from './accounts.sql.ts'
import { readConsents } from './consents.ts'
import {
  accountJson,
  addressJson,
  consentJson,
  ConsentsJson,
  CustomerDetailJson,
  CustomerJson,
  customerJson,
  NoteText,
  nullable,
  ReportedConsent,
  Tag,
} from './customers-json.ts'
import { refusalOf, refusals } from './customers.refusals.ts'
import { readPersonRows } from './customers.sql.ts'
import type { AccountChanges } from './edit-account.ts'
import { exportPerson } from './export-person.ts'
import { addNote, readNotes, type Note } from './notes.ts'
import type { Customers } from './open-customers.ts'
import type { PersonalRecords } from './ports.ts'

export interface CustomersHttpDeps {
  readonly db: Db
  readonly customers: Customers
}

const tags = ['customers']
const params = strict({ id: idJson('person') })

/** People behind one contact: a guest is a person anew with every order. */
const FOUND_MAX = 100

const NewCustomer = strict(
  {
    email: Email,
    name: Type.Optional(line(200)),
    phone: Type.Optional(Phone),
    address: Type.Optional(AddressJson),
    locale: Type.Optional(Locale),
    emailVerified: Type.Optional(Type.Boolean({ description: "You know that the e-mail is its owner's." })),
  },
  { title: 'NewCustomer' },
)

const CustomerEdit = strict(
  {
    email: Type.Optional(Email),
    emailVerified: Type.Optional(Type.Boolean()),
    name: Type.Optional(nullable(line(200))),
    phone: Type.Optional(nullable(Phone)),
    locale: Type.Optional(nullable(Locale)),
    tags: Type.Optional(Type.Array(Tag, { maxItems: 50 })),
    taxExempt: Type.Optional(Type.Boolean()),
    taxExemptUntil: Type.Optional(nullable(InstantJson)),
    taxId: Type.Optional(nullable(line(40, { examples: ['DE123456789'] }))),
  },
  { title: 'CustomerEdit' },
)

const Search = Type.Union([strict({ email: Email }), strict({ phone: line(40), country: Type.Optional(CountryCode) })])

const NoteJson = strict(
  { id: idJson('customerNote'), author: Type.String(), text: Type.String(), createdAt: InstantJson },
  { title: 'CustomerNote' },
)

const list = (item: typeof NoteJson) => strict({ items: Type.Array(item), nextCursor: Type.Null() })

/** @param deps.records  what other rooms hold of people, for the copy that they may ask for */
export function mountCustomers(
  app: App,
  { db, customers, records }: CustomersHttpDeps & { readonly records: readonly PersonalRecords[] },
): void {
  const { keys } = customers.inner
  const foreignCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }

  app.get(
    '/v1/admin/customers',
    {
      schema: {
        summary: 'Lists customers, newest first',
        tags,
        querystring: strict({
          ...pageQuery,
          kind: Type.Optional(Type.Enum(['guest', 'account'], { description: 'Guests are new with every order.' })),
          tag: Type.Optional(Tag),
        }),
        response: { 200: page(CustomerJson) },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const { limit, cursor, kind, tag } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      // Only accounts have tags.
      if (tag !== undefined && kind === 'guest') return reply.send({ items: [], nextCursor: null })
      const people = await customers.listPeople({
        before: before[0] as Id<'person'> | null,
        limit: limit + 1,
        kind,
        tag,
      })
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
      return detail === null ? refusePlatform(reply, 'not_found') : sendVersion(reply, detail.version).send(detail)
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
        render: async (stored) => {
          const detail = await readDetail(readId('person', stored.id))
          if (detail !== null) sendVersion(reply, detail.version)
          return detail
        },
      }),
  )

  app.patch(
    '/v1/admin/customers/:id',
    {
      schema: {
        summary: "Edits a customer's account",
        description:
          'What is left out stays, null takes away. Another e-mail ends all sessions and has to be proved anew.',
        tags,
        params,
        body: CustomerEdit,
        response: { 200: CustomerDetailJson },
      },
      config: { scope: 'customers:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const id = readId('person', request.params.id)
      const command = {
        actor: actorOf(request.caller),
        id,
        seenVersion: expectedVersion(request),
        changes: changesOf(request.body),
      }
      const outcome = await commitIf(
        db,
        (tx) => customers.editAccount(tx, command),
        ({ kind }) => kind === 'edited',
      )
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      if (outcome.kind === 'version_mismatch')
        return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
      const detail = outcome.kind === 'unknown' ? null : await readDetail(id)
      return detail === null ? refusePlatform(reply, 'not_found') : sendVersion(reply, detail.version).send(detail)
    },
  )

  app.post(
    '/v1/admin/customers/:id/erase',
    {
      schema: {
        summary: "Destroys a customer's personal data for good",
        description:
          'Of an account the guests merged into it as well. Orders and books keep the ids, the countries and the ' +
          'regions. Done again, it changes nothing.',
        tags,
        params,
        response: { 200: CustomerDetailJson },
      },
      config: { scope: 'customers:write', idempotent: 'natural' },
    },
    async (request, reply) => {
      const id = readId('person', request.params.id)
      const isErased = await db.inTransaction((tx) => customers.erasePerson(tx, { actor: actorOf(request.caller), id }))
      const detail = isErased ? await readDetail(id) : null
      return detail === null ? refusePlatform(reply, 'not_found') : reply.send(detail)
    },
  )

  app.get(
    '/v1/admin/customers/:id/export',
    {
      schema: {
        summary: 'Everything that is held of one person',
        description: 'For the copy that the law lets them ask for; of an account with the guests merged into it.',
        tags,
        params,
        response: { 200: Type.Record(Type.String(), Type.Unknown(), { title: 'PersonExport' }) },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const copy = await exportPerson(db, keys, { id: readId('person', request.params.id), records })
      return copy === null ? refusePlatform(reply, 'not_found') : reply.send({ ...copy })
    },
  )

  app.post(
    '/v1/admin/customers/:id/merge',
    {
      schema: {
        summary: 'Makes guests with the same proved e-mail part of an account',
        description: 'Done when an e-mail is proved and at every sign-in; safe to repeat. At most 500 guests a call.',
        tags,
        params,
        response: { 200: strict({ mergedGuests: Type.Integer(), hasMore: Type.Boolean() }, { title: 'MergedGuests' }) },
      },
      config: { scope: 'customers:write', idempotent: 'natural', refusals },
    },
    async (request, reply) => {
      const command = { actor: actorOf(request.caller), accountId: readId('person', request.params.id) }
      const outcome = await db.inTransaction((tx) => customers.mergeGuests(tx, command))
      if (outcome.kind === 'unknown') return refusePlatform(reply, 'not_found')
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      return reply.send({ mergedGuests: outcome.guests.length, hasMore: outcome.hasMore })
    },
  )

  app.get(
    '/v1/admin/customers/:id/notes',
    {
      schema: {
        summary: 'Lists notes about a customer, newest first',
        tags,
        params,
        response: { 200: list(NoteJson) },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const personId = readId('person', request.params.id)
      if (!(await isKnown(personId))) return refusePlatform(reply, 'not_found')
      const notes = await readNotes(db, keys, personId)
      return reply.send({ items: notes.map(noteJson), nextCursor: null })
    },
  )

  app.post(
    '/v1/admin/customers/:id/notes',
    {
      schema: {
        summary: 'Writes a note about a customer',
        tags,
        params,
        body: strict({ text: NoteText }, { title: 'NewCustomerNote' }),
        response: { 201: strict({ id: idJson('customerNote') }, { title: 'AddedNote' }) },
      },
      config: { scope: 'customers:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const personId = readId('person', request.params.id)
      // Before the key is taken: who is nobody leaves no trace.
      if (!(await isKnown(personId))) return refusePlatform(reply, 'not_found')
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const command = { actor: actorOf(request.caller), personId, text: request.body.text }
          const id = await addNote(tx, keys, command)
          return id === null
            ? { refuse: { code: 'account_unknown' as const } }
            : { status: 201, stored: { id: formatId('customerNote', id) } }
        },
        render: (stored) => stored,
      })
    },
  )

  app.get(
    '/v1/admin/customers/:id/consents',
    {
      schema: {
        summary: 'What a customer consents to, and everything they said',
        tags,
        params,
        response: { 200: ConsentsJson },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const personId = readId('person', request.params.id)
      if (!(await isKnown(personId))) return refusePlatform(reply, 'not_found')
      const { current, history } = await readConsents(db, await customers.readIdsOf(db, personId))
      return reply.send({ current: current.map(consentJson), history: history.map(consentJson) })
    },
  )

  app.post(
    '/v1/admin/customers/:id/consents',
    {
      schema: {
        summary: 'Records what a customer said about a consent',
        description: 'Kept for good. One that occurred before another does not change what holds.',
        tags,
        params,
        body: ReportedConsent,
        response: { 201: strict({ id: idJson('consentEntry') }, { title: 'RecordedConsent' }) },
      },
      config: { scope: 'customers:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const { occurredAt, ...said } = request.body
      const consent = { ...said, ...(occurredAt === undefined ? {} : { occurredAt: readInstant(occurredAt) }) }
      const personId = readId('person', request.params.id)
      // Before the key is taken: who is nobody leaves no trace.
      if (!(await isKnown(personId))) return refusePlatform(reply, 'not_found')
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await customers.recordConsent(tx, { actor: actorOf(request.caller), personId, consent })
          return outcome.kind === 'recorded'
            ? { status: 201, stored: { id: formatId('consentEntry', outcome.entryId) } }
            : { refuse: refusalOf(outcome) }
        },
        render: (stored) => stored,
      })
    },
  )

  async function isKnown(id: Id<'person'>): Promise<boolean> {
    return (await readPersonRows(db, [id])).length > 0
  }

  async function readDetail(id: Id<'person'>): Promise<Static<typeof CustomerDetailJson> | null> {
    const [people, addresses, [row]] = await Promise.all([
      customers.readPeople(db, [id]),
      customers.readAddressesOf(db, id),
      readAccountRows(db, [id]),
    ])
    const person = people.get(id)
    if (person === undefined) return null
    const account = row === undefined ? null : accountOf(row)
    return {
      ...customerJson(person),
      version: person.version,
      ...accountJson(account, person),
      tags: [...(account?.tags ?? [])],
      addresses: addresses.map(addressJson),
    }
  }
}

function changesOf({ taxExemptUntil, ...others }: Static<typeof CustomerEdit>): AccountChanges {
  if (taxExemptUntil === undefined) return others
  return { ...others, taxExemptUntil: taxExemptUntil === null ? null : readInstant(taxExemptUntil) }
}

function noteJson({ id, author, text, createdAt }: Note): Static<typeof NoteJson> {
  return { id: formatId('customerNote', id), author, text, createdAt: formatInstant(createdAt) }
}
