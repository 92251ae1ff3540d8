import { Type, type Static, type TProperties, type TSchema, type TSchemaOptions } from 'typebox'
import Format from 'typebox/format'
import { parseId, prefixByKind, type Id, type IdKind } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { money, MONEY_MINOR_MAX, type CurrencyCode, type Money } from '../../kernel/money.ts'
import { parseInstant, type Instant } from '../../kernel/time.ts'

// One meaning of date-time in the house: RFC 3339 with a zone, a day that exists, and a time that `Instant` can hold.
Format.Set('date-time', (timestamp) => parseInstant(timestamp) !== null)

/**
 * An object without any other property than these.
 * @param options.title  one word: OpenAPI then shows the schema once under this name, wherever it is used
 */
export function strict<Properties extends TProperties>(properties: Properties, options: TSchemaOptions = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false })
}

/** Nothing in these texts is a line break or another control character. */
const NO_CONTROLS = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$'
/** As above, but line breaks and tabs are. */
const LINES = '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$'

/** One line of text for people, not empty. */
export function line(charactersMax: number, options: TSchemaOptions = {}) {
  return Type.String({ ...options, minLength: 1, maxLength: charactersMax, pattern: NO_CONTROLS })
}

/** Text for people that may have several lines, or none. */
export function text(charactersMax: number, options: TSchemaOptions = {}) {
  return Type.String({ ...options, maxLength: charactersMax, pattern: LINES })
}

/**
 * A code that only machines made: a SKU, a barcode, another system's reference. Digits in it are not taken for the
 * number of a payment card.
 */
export function machineCode(charactersMax: number, options: TSchemaOptions = {}) {
  return Type.String({ ...options, minLength: 1, maxLength: charactersMax, pattern: TRIMMED, 'x-machine-code': true })
}
const TRIMMED = '^(?! )[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*(?<! )$'

/** The public form of an id of this kind, `ord_01h2xcejqtf2nbrexx3vqjhp41`. */
export function idJson(kind: IdKind) {
  const prefix = prefixByKind[kind]
  return Type.String({
    pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`,
    examples: [`${prefix}_01h2xcejqtf2nbrexx3vqjhp41`],
  })
}

/** Reads an id that its schema has let through. */
export function readId<Kind extends IdKind>(kind: Kind, json: string): Id<Kind> {
  return must(parseId(kind, json), `an id of kind ${kind}, which the schema asked for`)
}

export const CurrencyCodeJson = Type.Unsafe<CurrencyCode>(
  Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['EUR'] }),
)

const MINOR_MAX = Number(MONEY_MINOR_MAX)

/** An amount of zero or more. */
export const MoneyJson = moneySchema('Money', 0)
/** An amount that must not be zero either, such as a refund's. */
export const PositiveMoneyJson = moneySchema('PositiveMoney', 1)
/** An amount that may be below zero, such as a balance. */
export const SignedMoneyJson = moneySchema('SignedMoney', -MINOR_MAX)

function moneySchema(title: string, minimum: number) {
  return strict(
    {
      amount: Type.Integer({
        minimum,
        maximum: MINOR_MAX,
        description: 'Minor units: 1999 USD is $19.99.',
        examples: [1999],
      }),
      currency: CurrencyCodeJson,
    },
    { title },
  )
}

export type MoneyJson = Static<typeof MoneyJson>

export function moneyJson({ minor, currency }: Money): MoneyJson {
  return { amount: Number(minor), currency }
}

export function readMoney({ amount, currency }: MoneyJson): Money {
  return money(BigInt(amount), currency)
}

/** A point in time in RFC 3339, `2026-11-22T13:00:00.000Z`. */
export const InstantJson = Type.String({ format: 'date-time', examples: ['2026-11-22T13:00:00.000Z'] })

/** Reads an instant that its schema has let through. */
export function readInstant(json: string): Instant {
  return must(parseInstant(json), 'an instant, which the schema asked for')
}

/** A stock keeping unit, told apart by case. */
export const Sku = machineCode(64, {
  description: 'Stock keeping unit; upper and lower case differ.',
  examples: ['TEE-RED-M'],
})
export const CountryCode = Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 alpha-2', examples: ['DE'] })
export const PostalCode = line(16, { examples: ['10115'] })
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Whole units.' })
export const Email = Type.String({ format: 'email', maxLength: 254, examples: ['ada@example.com'] })
export const Phone = Type.String({
  pattern: '^\\+[1-9][0-9]{6,14}$',
  description: 'E.164',
  examples: ['+493012345678'],
})
/** A locale as BCP 47 has it; whether it is one is for `Intl` to say. */
export const Locale = Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', examples: ['en-US'] })

export const AddressJson = strict(
  {
    name: line(200),
    line1: line(200),
    line2: Type.Optional(line(200)),
    city: line(100),
    region: Type.Optional(line(100)),
    postalCode: Type.Optional(
      line(16, { description: 'Left out only in countries that have none.', examples: ['10115'] }),
    ),
    country: CountryCode,
    phone: Type.Optional(Phone),
  },
  { title: 'Address' },
)
export type AddressJson = Static<typeof AddressJson>

const PAGE_LIMIT_MAX = 100
const PAGE_LIMIT_DEFAULT = 50
const CURSOR_CHARACTERS_MAX = 1_024

/** The query of a list, to be spread into a route's own: `limit` is always there when the handler runs. */
export const pageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT }),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]+$',
      maxLength: CURSOR_CHARACTERS_MAX,
      description: '`nextCursor` of the page before, with the same other parameters.',
    }),
  ),
} as const

export function page<Item extends TSchema>(item: Item) {
  return strict({
    items: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'null on the last page' }),
  })
}

export const ProblemJson = Type.Object(
  {
    type: Type.String({ examples: ['urn:waybill:problem:out_of_stock'] }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; every one is in docs/errors.md.', examples: ['out_of_stock'] }),
    detail: Type.Optional(Type.String()),
    requestId: Type.String({ examples: ['req_01h2xcejqtf2nbrexx3vqjhp41'] }),
    errors: Type.Optional(Type.Array(strict({ path: Type.String(), message: Type.String() }))),
  },
  { title: 'Problem', description: 'RFC 9457. A code may bring further properties.' },
)
