-- A job is held by a worker that lives: one silent for 60 s has lost its jobs.
--
-- Invariant: 44 K
-- Cause: a worker was killed and no other one is there to free its jobs.
-- Look at: platform.process for who is alive; a starting worker frees them at once.

select 'job ' || job.id as object,
       jsonb_build_object('task', job.task_identifier, 'key', job.key, 'worker', job.locked_by,
                          'lockedAt', job.locked_at) as detail
  from graphile_worker.jobs as job
 where job.locked_by is not null and job.locked_at < (select clock_timestamp() - interval '60 s')
   and not exists (select from platform.process
                    where worker = job.locked_by and heartbeat_at >= (select clock_timestamp() - interval '60 s'))
