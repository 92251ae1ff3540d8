-- The events of an aggregate are numbered from one without gaps: none was lost, none was left out.
--
-- Invariant: 37 K
-- Cause: a writer raised the version of a row without an event, or events were deleted.
-- Look at: GET /v1/admin/events around the position of the event after the gap; what its writer did before it.

select 'event ' || aggregate_id as object,
       jsonb_build_object('version', version, 'versionBefore', before, 'position', position) as detail
  from (
    select aggregate_id, version, position,
           lag(version, 1, 0) over (partition by aggregate_id order by version) as before
      from platform.event
  ) as step
 where version > before + 1
