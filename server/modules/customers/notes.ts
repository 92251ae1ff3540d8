import { formatId, newId, type Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { tellOf } from './account.ts'
import { insertNote, readNoteRows } from './accounts.sql.ts'
import { lockPersonRows, readPersonRows } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { dataKeyOf, openText, sealText } from './seal-person.ts'

/** What somebody of the merchant wrote about a customer; personal, so it lies in the vault. */
export interface Note {
  readonly id: Id<'customerNote'>
  readonly author: string
  readonly text: string
  readonly createdAt: Instant
}

/** @returns null when there is no such person, or when they are erased */
export async function addNote(
  tx: Tx,
  keys: KeyRing,
  { actor, personId, text }: { readonly actor: string; readonly personId: Id<'person'>; readonly text: string },
): Promise<Id<'customerNote'> | null> {
  const [person] = await lockPersonRows(tx, [personId])
  const dataKey = person === undefined ? null : dataKeyOf(keys, personId, person)
  if (person === undefined || dataKey === null) return null
  const id = newId<'customerNote'>()
  insertNote(tx, { id, personId, author: actor, vault: sealText(dataKey, id, text) })
  const data = { noteId: formatId('customerNote', id) }
  tellOf(tx, personId, person.version, [{ type: 'customer.note_added', data, actor }])
  return id
}

/** Newest first. */
export async function readNotes(source: Queryable, keys: KeyRing, personId: Id<'person'>): Promise<Note[]> {
  const [[person], rows] = await Promise.all([readPersonRows(source, [personId]), readNoteRows(source, personId)])
  const dataKey = person === undefined ? null : dataKeyOf(keys, personId, person)
  if (dataKey === null) return []
  return rows.flatMap(({ id, author, vault, created_at }) =>
    vault === null ? [] : [{ id, author, text: openText(dataKey, id, vault), createdAt: created_at }],
  )
}
