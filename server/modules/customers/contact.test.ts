import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normaliseEmail, normalisePhone } from './contact.ts'

// oxfmt-ignore
const emails = [
  // typed                             searched by
  ['ada@example.com',                  'ada@example.com'],
  ['  Ada.Lovelace@Example.COM ',      'ada.lovelace@example.com'],
  ['ada+shop@example.co.uk',           'ada+shop@example.co.uk'],
  ["o'brien@example.ie",               "o'brien@example.ie"],
  ['ärger@müller.de',                  'ärger@xn--mller-kva.de'],
  ['a\u0308rger@mu\u0308ller.de',      'ärger@xn--mller-kva.de'],
  ['用户@例子.公司',                      '用户@xn--fsqu00a.xn--55qx5d'],
  ['ada@example',                      null],
  ['ada@',                             null],
  ['@example.com',                     null],
  ['ada@@example.com',                 null],
  ['ada lovelace@example.com',         null],
  ['ada@exam ple.com',                 null],
  ['ada@-example.com',                 null],
  ['ada@example..com',                 null],
  ['ada@example.com.',                 null],
  ['.ada@example.com',                 null],
  ['ada..l@example.com',               null],
  ['ada@192.168.0.1',                  null],
  ['"ada"@example.com',                null],
  ['ada\r\nBcc: all@example.com',      null],
  ['ada\u0000@example.com',            null],
  [`${'a'.repeat(64)}@example.com`,    `${'a'.repeat(64)}@example.com`],
  [`${'a'.repeat(65)}@example.com`,    null],
  [`a@${'b.'.repeat(126)}com`,         null],
  ['',                                 null],
] as const

for (const [typed, searchedBy] of emails) {
  test(`the e-mail ${JSON.stringify(typed)} is searched by ${String(searchedBy)}`, () => {
    assert.equal(normaliseEmail(typed), searchedBy)
  })
}

// oxfmt-ignore
const phones = [
  // typed                 country  searched by
  ['(212) 555-0100',       'US',    '+12125550100'],
  ['+1 212 555 0100',      'DE',    '+12125550100'],
  ['+1 212 555 0100',      null,    '+12125550100'],
  ['001 212 555 0100',     'DE',    '+12125550100'],
  ['+44 (0)20 7946 0018',  null,    '+442079460018'],
  ['020 7946 0018',        'GB',    '+442079460018'],
  ['030 901820',           'DE',    '+4930901820'],
  ['212 555 0100',         null,    null],
  ['212 555 0100',         'XX',    null],
  ['12',                   'US',    null],
  ['+1 212 555 0100 0100', 'US',    null],
  ['call me',              'US',    null],
  ['',                     'US',    null],
] as const

for (const [typed, country, searchedBy] of phones) {
  test(`the number ${JSON.stringify(typed)} from ${String(country)} is searched by ${String(searchedBy)}`, () => {
    assert.equal(normalisePhone(typed, country), searchedBy)
  })
}
