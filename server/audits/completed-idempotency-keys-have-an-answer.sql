-- A request that is finished can be answered again: its key has what it was asked, and the status it was answered with.
--
-- Invariant: 43 C
-- Cause: the check of platform.idempotency_key was dropped, or an answer was written without its status.
-- Look at: the object of the key; its repeat would be answered from nothing.

select 'idempotencyKey ' || id as object,
       jsonb_build_object('objectId', object_id, 'answer', answer, 'createdAt', created_at) as detail
  from platform.idempotency_key
 where status = 'completed' and (fingerprint is null or jsonb_typeof(answer -> 'status') is distinct from 'number')
