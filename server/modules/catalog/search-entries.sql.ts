import { plainArray, type Tx } from '../../platform/db.ts'
import type { SearchEntry } from './plan-entry.ts'

/** Writes entries whole, new or not, and without waiting: writers of the catalog wait for each other. */
export function putSearchEntries(tx: Tx, entries: readonly SearchEntry[]): void {
  if (entries.length === 0) return
  const texts = entries.flatMap(({ productId, texts: each }) => each.map((text) => ({ productId, ...text })))
  tx.send({
    name: 'catalog.put_search_entries',
    text: `with found as (
             select product_id, catalog.concatenated(setweight(to_tsvector(configuration::regconfig, words),
                                                               weight::"char")) as document
               from unnest($8::uuid[], $9::text[], $10::text[], $11::text[])
                      as text (product_id, weight, configuration, words)
              group by product_id)
           insert into catalog.search_entry (product_id, title, everywhere, has_rules, document, facets, numbers)
           select put.product_id, title, everywhere, has_rules,
                  coalesce(found.document, '') || array_to_tsvector(array(select jsonb_array_elements_text(tokens::jsonb))),
                  array(select jsonb_array_elements_text(facets::jsonb)), numbers::jsonb
             from unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[], $5::text[], $6::text[], $7::text[])
                    as put (product_id, title, everywhere, has_rules, tokens, facets, numbers)
             left join found using (product_id)
           on conflict (product_id) do update
              set title = excluded.title, everywhere = excluded.everywhere, has_rules = excluded.has_rules,
                  document = excluded.document, facets = excluded.facets, numbers = excluded.numbers`,
    values: [
      plainArray(entries.map(({ productId }) => productId)),
      entries.map(({ title }) => title),
      plainArray(entries.map(({ everywhere }) => String(everywhere))),
      plainArray(entries.map(({ hasRules }) => String(hasRules))),
      entries.map(({ tokens }) => JSON.stringify(tokens)),
      entries.map(({ facets }) => JSON.stringify(facets)),
      entries.map(({ numbers }) => JSON.stringify(numbers)),
      plainArray(texts.map(({ productId }) => productId)),
      plainArray(texts.map(({ weight }) => weight)),
      plainArray(texts.map(({ configuration }) => `pg_catalog.${configuration}`)),
      texts.map(({ words }) => words.join(' ')),
    ],
  })
}

/** Adds words, in their order so that two writers do not wait for each other crosswise. */
export function addSearchWords(
  tx: Tx,
  words: readonly { readonly word: string; readonly stubs: readonly string[] }[],
): void {
  if (words.length === 0) return
  tx.send({
    name: 'catalog.add_search_words',
    // Words hold letters and digits only: an array's text needs no quotes.
    text: `insert into catalog.search_word (word, stubs)
           select word, stubs::text[] from unnest($1::text[], $2::text[]) as new (word, stubs)
            where not exists (select from catalog.search_word as known where known.word = new.word)
           on conflict (word) do nothing`,
    values: [
      words.map(({ word }) => word),
      words.map(({ stubs }) => `{${stubs.map((stub) => `"${stub}"`).join(',')}}`),
    ],
  })
}
