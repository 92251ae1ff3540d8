import { Type, type Static, type TSchema } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import { CountryCode, idJson, InstantJson, line, machineCode, strict, text } from '../../platform/http/index.ts'
import type { Account } from './account.ts'
import { consentChannels, type ConsentEntry } from './consents.ts'
import type { Person, PersonAddress } from './person.ts'

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** Of a purpose, a source: what programs agree on. */
const Word = Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$', examples: ['newsletter'] })
export const Tag = machineCode(40, { examples: ['wholesale'] })
export const NoteText = text(4_000, { minLength: 1 })

export const CustomerJson = strict(
  {
    id: idJson('person'),
    kind: Type.Enum(['guest', 'account']),
    email: nullable(Type.String()),
    name: nullable(Type.String()),
    phone: nullable(Type.String()),
    createdAt: InstantJson,
    erasedAt: nullable(InstantJson),
    mergedInto: Type.Union([idJson('person'), Type.Null()], {
      description: 'The account whose owner this guest turned out to be.',
    }),
  },
  { title: 'Customer' },
)

export const CustomerAddressJson = strict(
  {
    id: idJson('address'),
    name: nullable(Type.String()),
    line1: nullable(Type.String()),
    line2: nullable(Type.String()),
    city: nullable(Type.String()),
    region: nullable(Type.String()),
    postalCode: nullable(Type.String()),
    country: CountryCode,
    phone: nullable(Type.String()),
  },
  { title: 'CustomerAddress' },
)

const accountFields = {
  emailVerified: Type.Boolean({ description: "It is proved that the e-mail is its owner's." }),
  hasPassword: Type.Boolean(),
  locale: nullable(Type.String()),
  defaultAddressId: nullable(idJson('address')),
  taxExempt: Type.Boolean(),
  taxExemptUntil: nullable(InstantJson),
  taxId: nullable(Type.String()),
}

/** As the merchant sees it. Everything of the account is as of nobody's for a guest. */
export const CustomerDetailJson = strict(
  {
    ...CustomerJson.properties,
    version: Type.Integer(),
    ...accountFields,
    tags: Type.Array(Type.String()),
    addresses: Type.Array(CustomerAddressJson),
  },
  { title: 'CustomerDetail' },
)

/** As its owner sees it: what the merchant calls them is the merchant's. */
export const OwnCustomerJson = strict(
  {
    id: idJson('person'),
    version: Type.Integer(),
    email: nullable(Type.String()),
    name: nullable(Type.String()),
    phone: nullable(Type.String()),
    createdAt: InstantJson,
    ...accountFields,
  },
  { title: 'OwnCustomer' },
)

export const ConsentJson = strict(
  {
    id: idJson('consentEntry'),
    purpose: Type.String(),
    channel: Type.Enum([...consentChannels]),
    decision: Type.Enum(['given', 'withdrawn']),
    wordingVersion: Type.String(),
    source: Type.String(),
    occurredAt: InstantJson,
    recordedAt: InstantJson,
  },
  { title: 'Consent' },
)

export const ConsentsJson = strict(
  {
    current: Type.Array(ConsentJson, { description: 'What was said last, one a purpose and channel.' }),
    history: Type.Array(ConsentJson, { description: 'Everything that was said, newest first.' }),
  },
  { title: 'Consents' },
)

const said = {
  purpose: Word,
  channel: Type.Enum([...consentChannels]),
  decision: Type.Enum(['given', 'withdrawn']),
  wordingVersion: line(100, { description: 'Which text they had before them.', examples: ['2026-11'] }),
}
export const OwnConsent = strict(said, { title: 'OwnConsent' })
export const ReportedConsent = strict(
  {
    ...said,
    source: Word,
    occurredAt: Type.Optional(InstantJson),
  },
  { title: 'ReportedConsent' },
)

export function customerJson({ mergedInto, ...person }: Person): Static<typeof CustomerJson> {
  const { id, kind, email, name, phone, createdAt, erasedAt } = person
  return {
    id: formatId('person', id),
    kind,
    email,
    name,
    phone,
    createdAt: formatInstant(createdAt),
    erasedAt: erasedAt === null ? null : formatInstant(erasedAt),
    mergedInto: mergedInto === null ? null : formatId('person', mergedInto),
  }
}

/** @param account  null for a guest */
export function accountJson(account: Account | null, { taxId }: Person) {
  const until = account?.taxExemptUntil ?? null
  const address = account?.defaultAddressId ?? null
  return {
    emailVerified: account !== null && account.emailVerifiedAt !== null,
    hasPassword: account?.hasPassword ?? false,
    locale: account?.locale ?? null,
    defaultAddressId: address === null ? null : formatId('address', address),
    taxExempt: account?.taxExempt ?? false,
    taxExemptUntil: until === null ? null : formatInstant(until),
    taxId: taxId ?? null,
  }
}

export function addressJson({ id, country, region, address }: PersonAddress): Static<typeof CustomerAddressJson> {
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

export function consentJson(entry: ConsentEntry): Static<typeof ConsentJson> {
  const { purpose, channel, decision, wordingVersion, source } = entry
  return {
    id: formatId('consentEntry', entry.id),
    purpose,
    channel,
    decision,
    wordingVersion,
    source,
    occurredAt: formatInstant(entry.occurredAt),
    recordedAt: formatInstant(entry.recordedAt),
  }
}

export const SessionJson = strict(
  {
    customerId: idJson('person'),
    customerToken: Type.String({ description: 'To be sent as `Waybill-Customer-Token`, never in a URL.' }),
    expiresAt: InstantJson,
  },
  { title: 'CustomerSession' },
)
