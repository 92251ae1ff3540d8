import type { Queryable } from '../db.ts'

export interface NewJob {
  /** The name of its task. */
  readonly task: string
  /** The id of its intent: while a job waits, adding it again replaces it. */
  readonly key: string
  readonly payload: object
}

/**
 * Adds jobs, due at once and tried once: when to try again stands in the intent. One NOTIFY for all of them, so call it
 * with many, from the journey, not from the write road.
 */
export async function addJobs(source: Queryable, jobs: readonly NewJob[]): Promise<void> {
  // One statement may not touch a key twice; of equal keys the last counts, as if they were added one by one.
  const unique = [...new Map(jobs.map((job) => [job.key, job])).values()]
  if (unique.length === 0) return
  await source.execute({
    name: 'platform.add_jobs',
    text: `select from graphile_worker.add_jobs(array(
             select row(task, payload::json, null, null, 1::smallint, key, null, null)::graphile_worker.job_spec
               from unnest($1::text[], $2::text[], $3::text[]) as job (task, key, payload)))`,
    values: [
      unique.map(({ task }) => task),
      unique.map(({ key }) => key),
      unique.map(({ payload }) => JSON.stringify(payload)),
    ],
  })
}

/** Workers that hold jobs for longer than `silentMs` without a process that gives signs of life. */
export async function readOrphanedWorkers(source: Queryable, silentMs: number): Promise<string[]> {
  const rows = await source.rows<{ worker: string }>({
    name: 'platform.read_orphaned_workers',
    text: `select distinct locked_by as worker from graphile_worker.jobs
            where locked_by is not null
              and locked_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
              and not exists (select from platform.process
                               where worker = locked_by
                                 and heartbeat_at >= clock_timestamp() - $1::float8 * interval '1 millisecond')`,
    values: [silentMs],
  })
  return rows.map(({ worker }) => worker)
}

export async function freeWorkers(source: Queryable, workers: readonly string[]): Promise<void> {
  await source.execute({
    name: 'platform.free_workers',
    text: 'select graphile_worker.force_unlock_workers($1::text[])',
    values: [workers],
  })
}

/** Jobs that have had their one try and failed, or whose worker died, are kept an hour for whoever asks why. */
export async function removeFailedJobs(source: Queryable): Promise<number> {
  return source.execute({
    name: 'platform.remove_failed_jobs',
    text: `select from graphile_worker.complete_jobs(array(
             select id from graphile_worker.jobs
              where attempts >= max_attempts and locked_at is null
                and updated_at < clock_timestamp() - interval '1 hour'))`,
  })
}
