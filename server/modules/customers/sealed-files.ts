import type { KeyObject } from 'node:crypto'
import type { KeyRing } from './key-ring.ts'
import { makeDataKey, open, seal, unwrapDataKey } from './vault.ts'

/** How the key of a file is stored beside it. Destroyed, nothing of the file can be read any more. */
export interface WrappedFileKey {
  readonly keyVersion: number
  readonly wrappedKey: Buffer
}

/** Seals and opens the parts of one file that may hold personal data. */
export class FileVault {
  readonly #key: KeyObject

  constructor(key: KeyObject) {
    this.#key = key
  }

  /** @param place  where the part is kept: moved to another place it does not open */
  seal(text: string, place: string): Buffer {
    return seal(this.#key, Buffer.from(text), `file|${place}`)
  }

  open(sealed: Uint8Array, place: string): string {
    return open(this.#key, sealed, `file|${place}`).toString()
  }
}

export interface NewFileVault extends WrappedFileKey {
  readonly vault: FileVault
}

/** A vault for a file of another room, under a random key of its own. @param id  of the file, to which it is bound */
export function makeFileVault(keys: KeyRing, id: string): NewFileVault {
  const keyVersion = keys.newestVersion
  const { dataKey, wrapped } = makeDataKey(keys.wrappingKey(keyVersion), `file key|${id}`)
  return { vault: new FileVault(dataKey), keyVersion, wrappedKey: wrapped }
}

export function openFileVault(keys: KeyRing, id: string, { keyVersion, wrappedKey }: WrappedFileKey): FileVault {
  return new FileVault(unwrapDataKey(keys.wrappingKey(keyVersion), wrappedKey, `file key|${id}`))
}
