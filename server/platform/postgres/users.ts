import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, ownIdentity } from './process.ts'

/** Which processes use the server of a data directory: one empty file each, `<pid>.<start>.<random>`. */
const usersDir = (dataDir: string): string => `${dataDir}.users`

/** @returns the name to take off the list again */
export function enrolUser(dataDir: string): string {
  const { pid, startedAt } = ownIdentity()
  const name = `${pid}.${startedAt}.${randomUUID()}`
  mkdirSync(usersDir(dataDir), { recursive: true })
  writeFileSync(join(usersDir(dataDir), name), '')
  return name
}

/** @returns the number of living users left; killed ones are taken off the list on the way */
export function dismissUser(dataDir: string, name: string): number {
  rmSync(join(usersDir(dataDir), name), { force: true })
  // Somebody may have deleted it all under the running server.
  const others = existsSync(usersDir(dataDir)) ? readdirSync(usersDir(dataDir)) : []
  const dead = others.filter((other) => {
    const [pid = '', startedAt = ''] = other.split('.')
    return !isAlive({ pid: Number(pid), startedAt })
  })
  for (const other of dead) rmSync(join(usersDir(dataDir), other), { force: true })
  return others.length - dead.length
}
