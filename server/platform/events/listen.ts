import pg from 'pg'
import { EVENT_CHANNEL } from './announce.ts'
import { orAborted, pause } from '../time/pause.ts'
import type { Wake } from './wake.ts'

export interface ListenOptions {
  /** A session of its own; behind a transaction pooler nothing is heard and readers poll. */
  readonly databaseUrl: string
  readonly applicationName: string
  readonly wake: Wake
  readonly onError: (error: unknown) => void
}

export interface EventListener {
  stop(): Promise<void>
}

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5_000

/** Wakes the readers of this process when another node has appended events; connects again when the session is lost. */
export function listenForEvents(options: ListenOptions): EventListener {
  const stop = new AbortController()
  const ended = listen(options, stop.signal)
  return {
    async stop() {
      stop.abort()
      await ended
    },
  }
}

async function listen(
  { databaseUrl, applicationName, wake, onError }: ListenOptions,
  stop: AbortSignal,
): Promise<void> {
  let retryMs = RETRY_MIN_MS
  while (!stop.aborted) {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: applicationName,
      connectionTimeoutMillis: 2_000,
      keepAlive: true,
    })
    const lost = new Promise<unknown>((resolve) => {
      client.on('error', resolve)
      client.on('end', () => resolve(new Error('the session that listens for events has ended')))
    })
    client.on('notification', () => wake.signal())
    try {
      await client.connect()
      await client.query(`listen ${EVENT_CHANNEL}`)
      // What was announced while nobody listened.
      wake.signal()
      retryMs = RETRY_MIN_MS
      const reason = await orAborted(lost, stop)
      if (reason !== null) onError(reason)
    } catch (error) {
      onError(error)
    }
    await client.end().catch(onError)
    await pause(retryMs, stop)
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
  }
}
