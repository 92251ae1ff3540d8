-- An adjustment, a receipt or a partner's message is applied once, however often its source sends it.
--
-- Invariant: 9 C
-- Cause: the unique constraint of inventory.command was dropped.
-- Look at: inventory.stock_entry whose cause is one of the commands; what the second posted is to be taken back.

select 'command ' || min(id::text) as object,
       jsonb_build_object('source', source, 'key', key, 'times', count(*)) as detail
  from inventory.command
 group by source, key
having count(*) > 1
