-- A claim and everything split from it have together the units that were claimed in the beginning, wherever the parts
-- ended. Goods carried out of a shop are consumed as they are claimed and have no beginning in the ledger.
--
-- Invariant: 8 K
-- Cause: a partial step lowered a claim and did not make the part, or made it with other units.
-- Look at: inventory.claim with this id or this split_from, beside the entry `claimed` of the first.

select 'claim ' || coalesce(whole.root_id, ledger.claim_id) as object,
       jsonb_build_object('claimed', ledger.units, 'parts', whole.units) as detail
  from (
    select coalesce(split_from, id) as root_id, sum(quantity) as units,
           bool_and(stage = 'consumed' and split_from is null) as was_carried_out
      from inventory.claim group by 1
  ) as whole
  full join (
    select claim_id, sum(claimed_delta) as units from inventory.stock_entry where reason = 'claimed' group by claim_id
  ) as ledger on ledger.claim_id = whole.root_id
 where ledger.units is distinct from whole.units and not (ledger.units is null and whole.was_carried_out)
