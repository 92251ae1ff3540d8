import assert from 'node:assert/strict'
import { test } from 'node:test'
import currencyCodes from 'currency-codes'
import { minorDigits, type CurrencyCode } from '../../kernel/money.ts'
import { isCountry, isCurrency, isDate, isLocale, isTimeZone } from './iso-codes.ts'

const rows: readonly (readonly [what: string, is: (text: string) => boolean, yes: string[], no: string[]])[] = [
  ['country', isCountry, ['US', 'DE', 'XK'], ['us', 'USA', '840', 'UK', 'EU', 'ZZ', '']],
  ['currency', isCurrency, ['USD', 'EUR', 'JPY', 'KWD', 'XOF'], ['usd', 'EURO', 'DEM', 'XXX', 'XTS', 'XAU', 'BTC', '']],
  [
    'time zone',
    isTimeZone,
    ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'America/Port-au-Prince', 'Asia/Kolkata', 'Europe/Kyiv'],
    ['', 'EST', 'CET', 'GMT', '+02:00', 'Etc/GMT+5', 'europe/berlin', 'Europe/Bonn', 'Mars/Base', 'Europe/Berlin '],
  ],
  [
    'locale',
    isLocale,
    ['en', 'en-US', 'de-DE', 'zh-Hant-TW'],
    ['', 'en_US', 'EN-us', 'english language', '-', 'en-US-'],
  ],
  [
    'date',
    isDate,
    ['2026-12-25', '2028-02-29'],
    ['2026-02-29', '2026-13-01', '2026-1-1', '2026-12-25T00:00', '25.12.2026', '0000-01-01', ''],
  ],
]

for (const [what, is, yes, no] of rows) {
  test(`${what}: ${yes.join(' ')} and not ${no.map((text) => `"${text}"`).join(' ')}`, () => {
    assert.deepEqual(
      yes.filter((text) => !is(text)),
      [],
    )
    assert.deepEqual(
      no.filter((text) => is(text)),
      [],
    )
  })
}

test('every currency that can be saved has the minor digits of ISO 4217', () => {
  const wrong = currencyCodes.data
    .filter(({ code, digits }) => isCurrency(code) && minorDigits(code as CurrencyCode) !== digits)
    .map(({ code, digits }) => `${code} has ${digits}`)
  assert.deepEqual(wrong, [])
})
