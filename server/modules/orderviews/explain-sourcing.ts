import { formatId, type Id } from '../../kernel/id.ts'
import { formatInstant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { readDemandLineRows, type DemandLineRow } from '../orders/index.ts'
import { readDecisions, type StoredFacts } from '../sourcing/index.ts'

/** Every sourcing decision of an order, its stored facts and what they mean in words. */
export async function explainSourcing(source: Queryable, orderId: Id<'order'>) {
  const [decisions, demand] = await Promise.all([readDecisions(source, orderId), readDemandLineRows(source, [orderId])])
  return decisions.map((decision) => ({
    id: formatId('decision', decision.id),
    sequence: Number(decision.sequence),
    kind: decision.kind,
    group: decision.group_number,
    decidedAt: formatInstant(decision.decided_at),
    ruleVersion: decision.facts.rules,
    networkRevision: decision.facts.network,
    words: inWords(decision.facts, skusOf(demand, decision.group_number)),
    facts: decision.facts,
  }))
}

function skusOf(demand: readonly DemandLineRow[], group: number): string[] {
  return demand.filter((line) => line.stocked && line.group_number === group).map((line) => line.sku)
}

function inWords(facts: StoredFacts, skus: readonly string[]): string[] {
  const nameOf = (demand: number) => skus[demand] ?? `line ${demand + 1}`
  const wanted = facts.wanted.map(([, units], demand) => `${units} × ${nameOf(demand)}`).join(', ')
  const words = [`Wanted: ${wanted}, ${methodWords[facts.method]} ${facts.zone}.`]
  for (const [code, ...units] of facts.seen) {
    words.push(`${code} had ${units.map((free, sku) => `${free} of ${skuName(facts, sku, skus)}`).join(' and ')} free.`)
  }
  for (const [reason, codes] of Object.entries(facts.refused))
    words.push(`${codes.join(', ')}: ${reasonWords[reason] ?? reason}.`)
  const locations = [...new Set(facts.plan.map(([, code]) => code))]
  if (locations.length === 0) words.push('No location could serve it.')
  else if (locations.length === 1) words.push(`${locations[0]} is the nearest location that has everything.`)
  else
    words.push(`No single location had everything: ${locations.join(' and ')} together are the fewest, nearest first.`)
  for (const [demand, code, units] of facts.plan) words.push(`${code} sends ${units} × ${nameOf(demand)}.`)
  return words
}

function skuName(facts: StoredFacts, sku: number, skus: readonly string[]): string {
  return skus[facts.wanted.findIndex(([index]) => index === sku)] ?? `SKU ${sku + 1}`
}

const methodWords = { ship: 'shipped to', pickup: 'picked up at', carried_out: 'carried out of' } as const
const reasonWords: Readonly<Record<string, string>> = {
  does_not_ship: 'do not ship',
  other_channel: 'do not serve this channel',
  other_country: 'do not ship to this country',
  no_pickup: 'do not hand over to buyers',
  not_chosen: 'were not chosen by the buyer',
}
