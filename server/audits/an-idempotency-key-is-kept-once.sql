-- A caller's idempotency key is one row; the id is made of both.
--
-- Invariant: 43 C
-- Cause: the primary key of platform.idempotency_key was dropped.
-- Look at: the objects of the rows: the same request took effect more than once.

select 'idempotencyKey ' || id as object,
       jsonb_build_object('rows', count(*), 'objects', jsonb_agg(object_id)) as detail
  from platform.idempotency_key
 group by id
having count(*) > 1
