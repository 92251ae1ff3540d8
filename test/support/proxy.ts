import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Where a proxy passes connections on to. */
export type Upstream = { readonly path: string } | { readonly host: string; readonly port: number }

/** One client's connection and its way through, as a test may take a hand in it. */
export interface Passage {
  readonly client: Socket
  readonly upstream: Socket
  /** Breaks both ends without a word. */
  cut(): void
}

export interface ProxyHooks {
  /** What becomes of bytes on their way; what is not passed on is lost. Without a hook all is passed on. */
  readonly toUpstream?: (bytes: Buffer, passage: Passage) => void
  readonly toClient?: (bytes: Buffer, passage: Passage) => void
  /** Made once for each connection, where hooks keep what they know of it. */
  readonly onPassage?: (passage: Passage) => void
}

export interface Proxy {
  readonly port: number
  readonly passages: ReadonlySet<Passage>
  close(): Promise<void>
}

/** A TCP proxy on loopback whose connections can be listened to, held and cut. */
export async function startProxy(upstream: Upstream, hooks: ProxyHooks = {}): Promise<Proxy> {
  const passages = new Set<Passage>()
  const server = createServer({ noDelay: true }, (client) => {
    const passage = openPassage(client, connect({ ...upstream, noDelay: true }), () => passages.delete(passage))
    passages.add(passage)
    hooks.onPassage?.(passage)
    pass(client, passage.upstream, hooks.toUpstream, passage)
    pass(passage.upstream, client, hooks.toClient, passage)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    passages,
    async close() {
      for (const passage of passages) passage.cut()
      await closed(server)
    },
  }
}

/** Where a database listens. */
export function upstreamOf(databaseUrl: string): Upstream {
  const { hostname, port } = new URL(databaseUrl)
  const host = decodeURIComponent(hostname)
  const number = port === '' ? 5432 : Number(port)
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${number}` } : { host, port: number }
}

/** The same database by way of a proxy before it. */
export function databaseUrlAt(databaseUrl: string, { port }: Pick<Proxy, 'port'>): string {
  const { username, password, pathname } = new URL(databaseUrl)
  const credentials = password === '' ? username : `${username}:${password}`
  return `postgres://${credentials}@127.0.0.1:${port}${pathname}?sslmode=disable`
}

function openPassage(client: Socket, upstream: Socket, onEnd: () => void): Passage {
  const passage: Passage = {
    client,
    upstream,
    cut() {
      // A reset, not a farewell: what the client did not read yet is lost as well.
      client.resetAndDestroy()
      upstream.destroy()
    },
  }
  for (const [end, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    // An end that breaks takes the other with it; that is all a proxy has to say about it.
    end.on('error', () => other.destroy())
    end.on('close', () => {
      other.destroy()
      onEnd()
    })
  }
  return passage
}

function pass(from: Socket, to: Socket, hook: ProxyHooks['toUpstream'], passage: Passage): void {
  from.on('data', (bytes: Buffer) => {
    if (hook === undefined) to.write(bytes)
    else hook(bytes, passage)
  })
  from.on('end', () => to.end())
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
