import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import { commitIf } from '../../platform/commit-if.ts'
import {
  AddressJson,
  customerOf,
  expectedVersion,
  idJson,
  line,
  Locale,
  once,
  Phone,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { accountOf } from './account.ts'
import { readAccountRows } from './accounts.sql.ts'
import { addAddress, chooseDefaultAddress, readAddressBook, removeAddress } from './address-book.ts'
import { readConsents } from './consents.ts'
import {
  accountJson,
  addressJson,
  ConsentsJson,
  consentJson,
  CustomerAddressJson,
  nullable,
  OwnConsent,
  OwnCustomerJson,
} from './customers-json.ts'
import type { CustomersHttpDeps } from './customers.http.ts'
import { refusalOf, refusals } from './customers.refusals.ts'

const tags = ['customers']
const byAddress = strict({ id: idJson('address') })
const read = { scope: 'store', customer: 'required' } as const
const edit = { ...read, idempotent: 'natural', refusals } as const
const add = { ...read, idempotent: 'key', refusals } as const
const BookJson = strict(
  { items: Type.Array(CustomerAddressJson), defaultAddressId: nullable(idJson('address')) },
  { title: 'AddressBook' },
)

/** What an account's owner sees and changes through a head. */
export function mountStoreCustomer(app: App, { db, customers }: CustomersHttpDeps): void {
  const { keys } = customers.inner

  app.get(
    '/v1/store/customer',
    {
      schema: { summary: 'Reads the account of the customer', tags, response: { 200: OwnCustomerJson } },
      config: read,
    },
    async (request, reply) => {
      const own = await readOwn(customerOf(request.caller).personId)
      return sendVersion(reply, own.version).send(own)
    },
  )

  app.patch(
    '/v1/store/customer',
    {
      schema: {
        summary: 'Edits the account of the customer',
        description: 'What is left out stays, null takes away.',
        tags,
        body: strict(
          {
            name: Type.Optional(nullable(line(200))),
            phone: Type.Optional(nullable(Phone)),
            locale: Type.Optional(nullable(Locale)),
          },
          { title: 'OwnCustomerEdit' },
        ),
        response: { 200: OwnCustomerJson },
      },
      config: { ...edit, ifMatch: 'required' },
    },
    async (request, reply) => {
      const { personId: id } = customerOf(request.caller)
      const command = { actor: null, id, seenVersion: expectedVersion(request), changes: request.body }
      const outcome = await commitIf(
        db,
        (tx) => customers.editAccount(tx, command),
        ({ kind }) => kind === 'edited',
      )
      if (outcome.kind === 'unknown') return refusePlatform(reply, 'customer_token_invalid')
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      if (outcome.kind === 'version_mismatch')
        return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
      const own = await readOwn(id)
      return sendVersion(reply, own.version).send(own)
    },
  )

  app.get(
    '/v1/store/customer/addresses',
    {
      schema: { summary: "Lists the customer's address book, newest first", tags, response: { 200: BookJson } },
      config: read,
    },
    async (request) => readBook(customerOf(request.caller).personId),
  )

  app.post(
    '/v1/store/customer/addresses',
    {
      schema: {
        summary: "Puts an address into the customer's book",
        description: 'The first one is the default. Addresses are not edited: who moves adds another.',
        tags,
        body: AddressJson,
        response: { 201: BookJson },
      },
      config: add,
    },
    async (request, reply) => {
      const { personId } = customerOf(request.caller)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await addAddress(tx, keys, { actor: null, personId, address: request.body })
          return outcome.kind === 'added'
            ? { status: 201, stored: { id: formatId('address', outcome.addressId) } }
            : { refuse: refusalOf(outcome) }
        },
        render: () => readBook(personId),
      })
    },
  )

  app.delete(
    '/v1/store/customer/addresses/:id',
    {
      schema: {
        summary: "Takes an address out of the customer's book",
        description: 'Orders that went there keep it.',
        tags,
        params: byAddress,
        response: { 200: BookJson },
      },
      config: edit,
    },
    async (request, reply) => {
      const { personId } = customerOf(request.caller)
      const command = { actor: null, personId, id: readId('address', request.params.id) }
      const isTheirs = await db.inTransaction((tx) => removeAddress(tx, keys, command))
      return isTheirs ? reply.send(await readBook(personId)) : refusePlatform(reply, 'not_found')
    },
  )

  app.put(
    '/v1/store/customer/addresses/:id/default',
    {
      schema: {
        summary: 'Makes an address of the book the default',
        tags,
        params: byAddress,
        response: { 200: BookJson },
      },
      config: edit,
    },
    async (request, reply) => {
      const { personId } = customerOf(request.caller)
      const command = { actor: null, personId, id: readId('address', request.params.id) }
      const isTheirs = await db.inTransaction((tx) => chooseDefaultAddress(tx, keys, command))
      return isTheirs ? reply.send(await readBook(personId)) : refusePlatform(reply, 'not_found')
    },
  )

  app.get(
    '/v1/store/customer/consents',
    {
      schema: {
        summary: 'What the customer consents to, and everything they said',
        tags,
        response: { 200: ConsentsJson },
      },
      config: read,
    },
    async (request) => readOwnConsents(customerOf(request.caller).personId),
  )

  app.post(
    '/v1/store/customer/consents',
    {
      schema: {
        summary: 'Gives or withdraws a consent',
        tags,
        body: OwnConsent,
        response: { 201: ConsentsJson },
      },
      config: add,
    },
    async (request, reply) => {
      const { personId } = customerOf(request.caller)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const consent = { ...request.body, source: 'account' }
          const outcome = await customers.recordConsent(tx, { actor: null, personId, consent })
          return outcome.kind === 'recorded'
            ? { status: 201, stored: { id: formatId('consentEntry', outcome.entryId) } }
            : { refuse: refusalOf(outcome) }
        },
        render: () => readOwnConsents(personId),
      })
    },
  )

  app.post(
    '/v1/store/customer/merge',
    {
      schema: {
        summary: 'Brings in what the customer did as a guest',
        description: 'Done when the e-mail is proved and at every sign-in; safe to repeat. At most 500 guests a call.',
        tags,
        response: { 200: strict({ mergedGuests: Type.Integer(), hasMore: Type.Boolean() }, { title: 'MergedGuests' }) },
      },
      config: edit,
    },
    async (request, reply) => {
      const command = { actor: null, accountId: customerOf(request.caller).personId }
      const outcome = await db.inTransaction((tx) => customers.mergeGuests(tx, command))
      if (outcome.kind === 'unknown') return refusePlatform(reply, 'customer_token_invalid')
      if (outcome.kind === 'refused') return refuse(reply, refusals, outcome.refusal)
      return reply.send({ mergedGuests: outcome.guests.length, hasMore: outcome.hasMore })
    },
  )

  async function readOwn(id: Id<'person'>): Promise<Static<typeof OwnCustomerJson>> {
    const [people, [row]] = await Promise.all([customers.readPeople(db, [id]), readAccountRows(db, [id])])
    const person = must(people.get(id), 'the person whose token was just valid')
    const { email, name, phone, version, createdAt } = person
    return {
      id: formatId('person', id),
      version,
      email,
      name,
      phone,
      createdAt: formatInstant(createdAt),
      ...accountJson(row === undefined ? null : accountOf(row), person),
    }
  }

  async function readBook(id: Id<'person'>): Promise<Static<typeof BookJson>> {
    const [addresses, [row]] = await Promise.all([readAddressBook(db, keys, id), readAccountRows(db, [id])])
    const standard = row?.default_address ?? null
    return {
      items: addresses.map(addressJson),
      defaultAddressId: standard === null ? null : formatId('address', standard),
    }
  }

  async function readOwnConsents(id: Id<'person'>): Promise<Static<typeof ConsentsJson>> {
    const { current, history } = await readConsents(db, await customers.readIdsOf(db, id))
    return { current: current.map(consentJson), history: history.map(consentJson) }
  }
}
