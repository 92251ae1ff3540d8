import type { Tx } from '../platform/db.ts'
import type { NewConsent, SegmentRule } from '../modules/customers/index.ts'
import { derivedId } from './derived-id.ts'
import { expectSound, SEED_ACTOR, type SeedDeps } from './seed-deps.ts'

/** Nobody has a password: heads sign them in with a secret key, or they ask for a reset. */
const accounts = [
  {
    email: 'mara.lindqvist@example.com',
    name: 'Mara Lindqvist',
    address: {
      line1: '418 Bergen Street',
      city: 'Brooklyn',
      region: 'NY',
      postalCode: '11217',
      country: 'US',
    },
    locale: 'en-US',
    tags: ['vip'],
    taxId: null,
  },
  {
    email: 'jonas@staff.northfork.example',
    name: 'Jonas Weber',
    address: { line1: 'Torstraße 49', city: 'Berlin', region: undefined, postalCode: '10119', country: 'DE' },
    locale: 'de-DE',
    tags: [],
    taxId: null,
  },
  {
    email: 'buying@alpinerentals.example',
    name: 'Alpine Rentals LLC',
    address: {
      line1: '2200 Pearl Street',
      city: 'Boulder',
      region: 'CO',
      postalCode: '80302',
      country: 'US',
    },
    locale: 'en-US',
    tags: ['wholesale'],
    taxId: '84-2047715',
  },
] as const

const segments: readonly { readonly code: string; readonly name: string; readonly rule: SegmentRule }[] = [
  {
    code: 'vip',
    name: 'VIP',
    rule: {
      any: [
        { fact: 'tag', in: ['vip'] },
        { fact: 'spent', atLeast: { amount: 100_000, currency: 'USD' } },
      ],
    },
  },
  { code: 'staff', name: 'Staff', rule: { fact: 'emailDomain', in: ['staff.northfork.example'] } },
  { code: 'wholesale', name: 'Wholesale', rule: { fact: 'tag', in: ['wholesale'] } },
]

const newsletter: NewConsent = {
  purpose: 'newsletter',
  channel: 'email',
  decision: 'given',
  wordingVersion: '2026-01',
  source: 'checkout',
}

/** Who buys at the demo shop, and the groups that its prices may ask about. */
export async function seedCustomers({ db, rooms: { customers } }: SeedDeps): Promise<void> {
  const { segments: known } = await customers.currentSegmentBook()
  await db.inTransaction(async (tx) => {
    for (const segment of segments) {
      if (known.some(({ code }) => code === segment.code)) continue
      const fields = { ...segment, id: derivedId('segment', segment.code) }
      const outcome = await customers.createSegment(tx, { actor: SEED_ACTOR, fields })
      expectSound(outcome.kind === 'created', 'segment', outcome)
    }
  })
  for (const account of accounts) {
    const id = derivedId('person', account.email)
    const isThere = (await customers.readPeople(db, [id])).size > 0
    if (!isThere) await db.inTransaction((tx) => seedAccount(tx, customers, { ...account, id }))
  }
}

async function seedAccount(
  tx: Tx,
  customers: SeedDeps['rooms']['customers'],
  {
    id,
    email,
    name,
    address,
    locale,
    tags,
    taxId,
  }: (typeof accounts)[number] & { readonly id: ReturnType<typeof derivedId<'person'>> },
): Promise<void> {
  const made = await customers.createAccount(tx, SEED_ACTOR, {
    id,
    email,
    name,
    locale,
    emailVerified: true,
    address: { name, ...address },
  })
  expectSound(made.kind === 'created', 'account', made)
  const edited = await customers.editAccount(tx, {
    actor: SEED_ACTOR,
    id,
    seenVersion: 1,
    changes: { tags, ...(taxId === null ? {} : { taxId, taxExempt: true }) },
  })
  expectSound(edited.kind === 'edited', 'account', edited)
  const said = await customers.recordConsent(tx, { actor: SEED_ACTOR, personId: id, consent: newsletter })
  expectSound(said.kind === 'recorded', 'consent', said)
}
