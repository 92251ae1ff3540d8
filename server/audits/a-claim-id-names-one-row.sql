-- A claim is one row from its birth to its end; changes of stage never make a second one.
--
-- Invariant: 4 C
-- Cause: the primary key of inventory.claim was dropped, or its index is corrupt.
-- Look at: \d inventory.claim, then amcheck's bt_index_check on claim_pkey.

select 'claim ' || id as object, jsonb_build_object('rows', count(*), 'stages', jsonb_agg(stage)) as detail
  from inventory.claim
 group by id
having count(*) > 1
