import { must } from '../../server/kernel/invariant.ts'
import { PostgresMessages } from './postgres-messages.ts'
import { databaseUrlAt, startProxy, upstreamOf, type Passage, type Proxy } from './proxy.ts'

/** What becomes of a COMMIT on its way: it passes, it is lost before the server hears it, or its answer is lost. */
export type CommitFate = 'pass' | 'lose_commit' | 'lose_answer'

/** What a cut met. The client cannot tell the first two apart. */
export type CutMoment = 'answer of COMMIT lost' | 'COMMIT lost' | 'within a transaction' | 'idle'

export interface CommitProxy {
  /** The database behind the proxy. */
  readonly databaseUrl: string
  /** Breaks a connection that is in the state wanted, if there is one. @returns whether there was */
  cut(moment: 'within a transaction' | 'idle'): boolean
  close(): Promise<void>
}

/**
 * A proxy before PostgreSQL that understands as much of the protocol as it takes to cut a connection exactly where it
 * hurts: after COMMIT was sent, once before the server sees it and once after the server has done it.
 *
 * @param decide  asked for every COMMIT
 * @param onCut   told of every cut once it is certain what it met
 */
export async function startCommitProxy(
  databaseUrl: string,
  {
    decide,
    onCut,
  }: {
    readonly decide: () => CommitFate
    readonly onCut: (moment: CutMoment) => void
  },
): Promise<CommitProxy> {
  const sessions = new Map<Passage, Session>()
  const sessionOf = (passage: Passage): Session => must(sessions.get(passage), 'a session for every connection')
  const proxy: Proxy = await startProxy(upstreamOf(databaseUrl), {
    onPassage: (passage) => sessions.set(passage, new Session(passage, decide, onCut)),
    toUpstream: (bytes, passage) => sessionOf(passage).hearClient(bytes),
    toClient: (bytes, passage) => sessionOf(passage).hearServer(bytes),
  })
  return {
    databaseUrl: databaseUrlAt(databaseUrl, proxy),
    cut(moment) {
      const wanted = moment === 'within a transaction'
      const found = [...proxy.passages].find(
        (passage) => sessionOf(passage).isInTransaction === wanted && !sessionOf(passage).isDoomed,
      )
      if (found === undefined) return false
      found.cut()
      onCut(moment)
      return true
    },
    close: () => proxy.close(),
  }
}

class Session {
  /** Between BEGIN and COMMIT, as the client sees it. */
  isInTransaction = false
  /** Its COMMIT is on its way and the answer will not come back. */
  isDoomed = false
  readonly #passage: Passage
  readonly #decide: () => CommitFate
  readonly #onCut: (moment: CutMoment) => void
  readonly #client = new PostgresMessages({ startsTyped: false })
  readonly #server = new PostgresMessages({ startsTyped: true })

  constructor(passage: Passage, decide: () => CommitFate, onCut: (moment: CutMoment) => void) {
    this.#passage = passage
    this.#decide = decide
    this.#onCut = onCut
  }

  hearClient(bytes: Buffer): void {
    for (const { type, body, whole } of this.#client.push(bytes)) {
      const text = type === 'Q' ? body.toString('utf8', 0, body.length - 1).toLowerCase() : ''
      if (text === 'begin') this.isInTransaction = true
      if (text === 'rollback') this.isInTransaction = false
      if (text === 'commit') {
        const fate = this.#decide()
        this.isInTransaction = false
        if (fate === 'lose_commit') {
          this.#passage.cut()
          this.#onCut('COMMIT lost')
          return
        }
        this.isDoomed = fate === 'lose_answer'
      }
      this.#passage.upstream.write(whole)
    }
  }

  hearServer(bytes: Buffer): void {
    const messages = this.#server.push(bytes)
    if (!this.isDoomed) {
      this.#passage.client.write(bytes)
      return
    }
    // Nothing reaches the client any more; the connection breaks once the server says what it made of the COMMIT.
    const [, outcome] =
      messages
        .map(({ type, body }) => /^(COMMIT|ROLLBACK)\0$/.exec(type === 'C' ? body.toString('latin1') : ''))
        .find(Boolean) ?? []
    if (outcome === undefined) return
    this.#passage.cut()
    this.#onCut(outcome === 'COMMIT' ? 'answer of COMMIT lost' : 'within a transaction')
  }
}
