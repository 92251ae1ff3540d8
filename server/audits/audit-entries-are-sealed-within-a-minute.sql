-- No audit entry stays unsealed for longer than 60 s; until then it could be changed without a trace.
--
-- Invariant: 46 K
-- Cause: no process does the work of the sealer, or it fails.
-- Look at: whether a process holds the lease `work` in platform.lease; its log for `seal-audit`.

select 'auditEntry ' || id as object, jsonb_build_object('action', action, 'recordedAt', recorded_at) as detail
  from platform.audit_entry
 where number is null and recorded_at < (select clock_timestamp() - interval '60 s')
