-- The hash of a sealed audit entry covers the entry and the hash before it: an entry that was changed no longer fits.
-- SHA-256 over the hash before (32 zero bytes for the first) and the entry as a JSON array of texts.
--
-- Invariant: 46 K
-- Cause: somebody changed a sealed entry, or the hash of the one before.
-- Look at: the entry in a backup; who had write access to the database since.

select 'auditEntry ' || id as object, jsonb_build_object('number', number, 'action', action, 'actor', actor) as detail
  from (
    select *, lag(number) over (order by number) as number_before, lag(hash) over (order by number) as hash_before
      from platform.audit_entry where number is not null
  ) as entry
 where (number = 1 or number_before = number - 1)
   and hash is distinct from sha256(
         coalesce(hash_before, decode(repeat('00', 32), 'hex'))
         || convert_to('[' || concat_ws(',', to_json(number::text), to_json(id::text),
              to_json(to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
              to_json(actor), to_json(action), to_json(object), to_json(detail::text)) || ']', 'UTF8'))
