-- No request is still in progress 60 s of wall time after its lock ran out: it was answered, or taken over and
-- finished.
--
-- Invariant: 43 K
-- Cause: the process that answered died, the client did not repeat, and nothing finished the key in its stead.
-- Look at: the object of the key, an order mostly: its payment says what the request came to.

select 'idempotencyKey ' || id as object,
       jsonb_build_object('objectId', object_id, 'lockedUntil', locked_until, 'createdAt', created_at) as detail
  from platform.idempotency_key
 where status = 'in_progress' and locked_until < (select clock_timestamp() - interval '60 s')
