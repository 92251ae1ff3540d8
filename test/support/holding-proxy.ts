import { startProxy, type Passage } from './proxy.ts'

/** What a proxy keeps to itself: what clients ask, or what they would hear. */
export type Held = 'questions' | 'answers'

/** A proxy before an HTTP server that can fall silent in one direction. */
export interface HoldingProxy {
  readonly url: string
  /** From now on nothing of it is passed on. */
  hold(what: Held): void
  /** Breaks every connection, with what it holds, and passes on again what comes over new ones. */
  drop(): void
  close(): Promise<void>
}

export async function startHoldingProxy(url: string): Promise<HoldingProxy> {
  const { hostname, port } = new URL(url)
  let held: Held | null = null
  const proxy = await startProxy(
    { host: hostname, port: Number(port) },
    {
      toUpstream: (bytes: Buffer, { upstream }: Passage) => void (held === 'questions' || upstream.write(bytes)),
      toClient: (bytes: Buffer, { client }: Passage) => void (held === 'answers' || client.write(bytes)),
    },
  )
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    hold: (what) => (held = what),
    drop() {
      for (const passage of proxy.passages) passage.cut()
      held = null
    },
    close: () => proxy.close(),
  }
}
