-- No two events claim to be the same step of one aggregate.
--
-- Invariant: 37 C
-- Cause: the unique constraint of platform.event was dropped.
-- Look at: both events; which of them the aggregate's row agrees with.

select 'event ' || same.aggregate_id as object,
       jsonb_build_object('version', same.version, 'events', same.events,
                          'types', (select jsonb_agg(type order by position) from platform.event
                                     where aggregate_id = same.aggregate_id and version = same.version)) as detail
  from (
    select aggregate_id, version, count(*) as events
      from platform.event group by aggregate_id, version having count(*) > 1
  ) as same
