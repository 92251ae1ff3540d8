import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { BusyError } from '../../platform/db.ts'

/**
 * Argon2id with 19 MiB and two passes, the least that OWASP's Password Storage Cheat Sheet (2024) names for it. One
 * takes some 35 ms of a core, in a thread of libuv's pool: the event loop goes on.
 */
const COST = { memoryKib: 19_456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Libuv's pool has four threads and others need them too: files, DNS, and other hashes. */
const HASHED_AT_ONCE_MAX = 2
/** At 35 ms each and two at once, who comes last waits one second and a half; beyond that 503 is the better answer. */
const WAITING_MAX = 80

/** Characters a password needs; what it is made of is not asked (NIST SP 800-63B). */
export const PASSWORD_CHARACTERS_MIN = 8
export const PASSWORD_CHARACTERS_MAX = 200

/** Hashes and checks passwords in a lane of their own, so that a rush to sign in takes nothing from who is buying. */
export class Passwords {
  readonly #waiting: (() => void)[] = []
  #running = 0

  /**
   * @returns the PHC form, `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`
   * @throws BusyError  too many are waiting
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES)
    const tag = await this.#inLane(() => derive(password, salt, COST))
    return phcOf(salt, tag)
  }

  /**
   * Whether the password is the one that was hashed. With `null`, for an account that does not exist or has none, it
   * takes as long and is false: how long an answer takes does not tell who has an account.
   *
   * @throws BusyError  too many are waiting
   */
  async matches(password: string, stored: string | null): Promise<boolean> {
    const form = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(stored ?? nobodys)
    if (form === null) throw new TypeError('a stored password hash is in the PHC form of Argon2id')
    const [, memory, passes, parallelism, salt = '', tag = ''] = form
    const cost = { memoryKib: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
    const derived = await this.#inLane(() => derive(password, Buffer.from(salt, 'base64'), cost))
    return timingSafeEqual(derived, Buffer.from(tag, 'base64')) && stored !== null
  }

  async #inLane<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= HASHED_AT_ONCE_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw new BusyError('too many passwords wait to be checked')
      // Whoever leaves hands its place on, so `#running` stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.#running++
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

function phcOf(salt: Uint8Array, tag: Uint8Array): string {
  const { memoryKib, passes, parallelism } = COST
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`
}

/** Costs what others cost, and no password comes to it. */
const nobodys = phcOf(Buffer.alloc(SALT_BYTES), Buffer.alloc(TAG_BYTES))

/** The same characters typed on another keyboard are the same password. */
function derive(
  password: string,
  nonce: Uint8Array,
  {
    memoryKib,
    passes,
    parallelism,
  }: { readonly memoryKib: number; readonly passes: number; readonly parallelism: number },
): Promise<Buffer> {
  const parameters = {
    message: password.normalize('NFKC'),
    nonce,
    memory: memoryKib,
    passes,
    parallelism,
    tagLength: TAG_BYTES,
  }
  return new Promise((resolve, reject) =>
    argon2('argon2id', parameters, (error, key) => (error === null ? resolve(key) : reject(error))),
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '')
}
