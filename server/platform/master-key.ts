import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Db } from './db.ts'

/** Tells a key from others and gives nothing of it away. */
function digestOf(masterKey: Uint8Array): Buffer {
  return createHmac('sha256', masterKey).update('waybill master key').digest()
}

/**
 * The first master key that a database meets is its own: personal data is written under it, and tokens are signed with
 * it. Another one would read nothing of the old and write what nobody else can read.
 *
 * @param isNew  made in this moment, so no database can have met it: then nothing is written
 * @returns      whether this is the database's key
 */
export async function isKeyOfDatabase(
  db: Db,
  masterKey: Uint8Array,
  { isNew }: { readonly isNew: boolean },
): Promise<boolean> {
  if (!isNew) {
    await db.execute({
      name: 'platform.keep_master_key_digest',
      text: 'insert into platform.master_key (digest) values ($1) on conflict do nothing',
      values: [digestOf(masterKey)],
    })
  }
  const [row] = await db.rows<{ digest: Buffer }>({
    name: 'platform.read_master_key_digest',
    text: 'select digest from platform.master_key',
  })
  return row === undefined || timingSafeEqual(row.digest, digestOf(masterKey))
}
