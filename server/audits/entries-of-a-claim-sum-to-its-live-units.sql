-- The ledger entries of a claim add up to the units it holds: all of them while it lives, none once it has ended. A
-- claim that ended twice, or without an entry, shows here.
--
-- Invariant: 8 K
-- Cause: a change of stage was not guarded by the stage it leaves, or its entry was not posted.
-- Look at: inventory.stock_entry of the claim by id; the reasons in their order tell the claim's life.

select 'claim ' || coalesce(claim.id, ledger.claim_id) as object,
       jsonb_build_object('stage', claim.stage, 'units', claim.quantity, 'entries', coalesce(ledger.units, 0)) as detail
  from inventory.claim
  full join (
    select claim_id, sum(claimed_delta) as units from inventory.stock_entry where claimed_delta <> 0 group by claim_id
  ) as ledger on ledger.claim_id = claim.id
 where coalesce(ledger.units, 0)
         <> case when claim.stage in ('reserved', 'allocated', 'picked') then claim.quantity else 0 end
