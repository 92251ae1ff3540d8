-- Sealed audit entries are numbered from one without gaps: none was taken out.
--
-- Invariant: 46 K
-- Cause: somebody deleted an entry, or wrote a number by hand.
-- Look at: the entries around the gap; a backup that still has the missing ones.

select 'auditEntry ' || id as object, jsonb_build_object('number', number, 'numberBefore', before) as detail
  from (
    select id, number, lag(number, 1, 0::bigint) over (order by number) as before
      from platform.audit_entry where number is not null
  ) as step
 where number <> before + 1
