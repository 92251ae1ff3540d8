import type { Queryable, Tx } from '../../platform/db.ts'

export interface CommandRow {
  readonly id: string
  readonly fingerprint: string
  readonly answer: object | null
}

/**
 * Takes a source's key. Somebody else who takes the same key at the same time waits here until we end, so two
 * deliveries of one message never both take effect.
 * @returns whether it was still to be had
 */
export async function takeCommand(
  tx: Tx,
  command: { readonly id: string; readonly source: string; readonly key: string; readonly fingerprint: string },
): Promise<boolean> {
  const taken = await tx.execute({
    name: 'inventory.take_command',
    text: `insert into inventory.command (id, source, key, fingerprint, answer) values ($1, $2, $3, $4, 'null')
           on conflict (source, key) do nothing`,
    values: [command.id, command.source, command.key, command.fingerprint],
  })
  return taken === 1
}

export async function readCommand(source: Queryable, origin: string, key: string): Promise<CommandRow | undefined> {
  const [row] = await source.rows<CommandRow>({
    name: 'inventory.read_command',
    text: 'select id, fingerprint, answer from inventory.command where source = $1 and key = $2',
    values: [origin, key],
  })
  return row
}

export function answerCommand(tx: Tx, id: string, answer: object): void {
  tx.send({
    name: 'inventory.answer_command',
    text: 'update inventory.command set answer = $2 where id = $1',
    values: [id, JSON.stringify(answer)],
  })
}

export function dropCommand(tx: Tx, id: string): void {
  tx.send({ name: 'inventory.drop_command', text: 'delete from inventory.command where id = $1', values: [id] })
}
