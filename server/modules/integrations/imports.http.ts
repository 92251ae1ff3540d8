import { createHash, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  idJson,
  once,
  page,
  pageQuery,
  readId,
  refuse,
  refusePlatform,
  strict,
  type App,
  type Caller,
} from '../../platform/http/index.ts'
import { vaultOf } from './advance-import.ts'
import { beginImport } from './begin-import.ts'
import { FileImportJson, fileImportJson, fileRowJson, FileRowJson, OutcomeJson } from './file-import-json.ts'
import type { FileDeps, FileKind, FileKindName } from './file-kind.ts'
import { fileKinds } from './file-kinds.ts'
import { listImports, listRows, readImport, type FileImport } from './files.sql.ts'
import { refusalOf, refusals, type IntegrationsRefusal } from './integrations.refusals.ts'
import { dropFile, receiveFile } from './receive-file.ts'
import { writeExport, writeRefused } from './write-files.ts'

const tags = ['integrations']
const params = strict({ id: idJson('fileImport') })
const foreignCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }
const Csv = Type.Unknown({ 'x-media-type': 'text/csv', description: 'UTF-8, plain or in gzip.' })
const CsvAnswer = Type.String({ 'x-media-type': 'text/csv', description: 'UTF-8 with a byte order mark.' })

/** Whose data a file holds. */
const roomOf = {
  products: 'catalog',
  prices: 'pricing',
  stock: 'inventory',
  customers: 'customers',
} as const satisfies Record<FileKindName, string>

export function mountImports(app: App, deps: FileDeps): void {
  for (const kind of fileKinds) mountKind(app, deps, kind)
  const { db } = deps

  app.get(
    '/v1/admin/imports',
    {
      schema: {
        summary: 'Lists imports of files, newest first',
        tags,
        querystring: strict(pageQuery),
        response: { 200: page(FileImportJson) },
      },
      config: { scope: 'integrations:read' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const before = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (before === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const files = await listImports(db, { before: before[0] as Id<'fileImport'> | null, limit: limit + 1 })
      const last = files.length > limit ? files[limit - 1] : undefined
      return reply.send({
        items: files.slice(0, limit).map(fileImportJson),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )

  app.get(
    '/v1/admin/imports/:id',
    {
      schema: {
        summary: 'Tells how far an import is, and what became of its rows',
        tags,
        params,
        response: { 200: FileImportJson },
      },
      config: { scope: 'integrations:read' },
    },
    async (request, reply) => {
      const file = await readImport(db, readId('fileImport', request.params.id))
      return file === undefined ? refusePlatform(reply, 'not_found') : reply.send(fileImportJson(file))
    },
  )

  app.get(
    '/v1/admin/imports/:id/rows',
    {
      schema: {
        summary: 'Lists what became of the rows of an import, or would',
        description: 'In the order of the file. Needs the scope that reads what the file is about as well.',
        tags,
        params,
        querystring: strict({ ...pageQuery, outcome: Type.Optional(OutcomeJson) }),
        response: { 200: page(FileRowJson) },
      },
      config: { scope: 'integrations:read' },
    },
    async (request, reply) => {
      const { limit, cursor, outcome = null } = request.query
      const after = cursor === undefined ? ([0] as const) : decodeCursor(cursor, ['integer'])
      if (after === null || after[0] > LINE_MAX) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const file = await readImport(db, readId('fileImport', request.params.id))
      if (file === undefined) return refusePlatform(reply, 'not_found')
      if (!mayRead(request.caller, file))
        return refusePlatform(reply, 'scope_missing', { scope: scopeOf(file.kind, 'read') })
      const rows = await listRows(db, file.id, { outcome, after: after[0], limit: limit + 1 })
      const vault = file.wrappedKey === null ? null : vaultOf(deps, file)
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return reply.send({
        items: rows.slice(0, limit).map((row) => fileRowJson(row, vault)),
        nextCursor: last === undefined ? null : encodeCursor([last.line]),
      })
    },
  )

  app.get(
    '/v1/admin/imports/:id/refused',
    {
      schema: {
        summary: 'The refused rows of an import as a file to be corrected',
        description:
          'With two columns more, which are not read: the line it was, and what is wrong. Kept for seven days. ' +
          'Needs the scope that reads what the file is about as well.',
        tags,
        params,
        response: { 200: CsvAnswer },
      },
      config: { scope: 'integrations:read', refusals },
    },
    async (request, reply) => {
      const file = await readImport(db, readId('fileImport', request.params.id))
      if (file === undefined) return refusePlatform(reply, 'not_found')
      if (!mayRead(request.caller, file))
        return refusePlatform(reply, 'scope_missing', { scope: scopeOf(file.kind, 'read') })
      if (file.wrappedKey === null) return refuse(reply, refusals, { code: 'rows_forgotten' })
      const { id, columns, kind } = file
      return sendCsv(reply, `${kind}.refused.csv`, writeRefused(db, { id, columns, vault: vaultOf(deps, file) }))
    },
  )
}

/** Far beyond the rows that are taken; a cursor beyond it is nobody's. */
const LINE_MAX = 2_147_483_647

/** Each kind has routes of its own: what a key may do with products says nothing about customers. */
function mountKind(app: App, deps: FileDeps, kind: FileKind): void {
  const { db } = deps
  const { name, columns } = kind
  const told = columns.map(
    (column) => `\`${column.name}\`${column.required === true ? ' (required)' : ''}: ${column.about}`,
  )

  app.post(
    `/v1/admin/imports/${name}`,
    {
      schema: {
        summary: `Takes in a file of ${name}`,
        description:
          'Answers as soon as the file is in; its rows are taken in the background, and what was taken stays whatever ' +
          `happens. The same file again changes nothing. Columns:\n\n${told.map((line) => `- ${line}`).join('\n')}`,
        tags,
        querystring: strict({
          dryRun: Type.Boolean({ default: false, description: 'Change nothing, and tell what would be.' }),
        }),
        body: Csv,
        response: { 202: FileImportJson },
      },
      config: { scope: scopeOf(name, 'write'), idempotent: 'key', takesCsv: true, refusals },
    },
    async (request, reply) => {
      const { body } = request
      if (!(body instanceof Readable)) return refusePlatform(reply, 'unsupported_media_type')
      const actor = actorOf(request.caller)
      const { dryRun } = request.query
      const { 'content-type': type = '', 'content-encoding': encoding } = request.headers
      const hash = createHash('sha256')
      const bytes = Readable.from(hashed(body, hash), { objectMode: false })
      const packed = encoding === 'gzip' || type.startsWith('application/gzip')
      const received = await receiveFile(deps, kind, { file: { bytes, packed }, actor, dryRun })
      if (received.kind === 'refused') {
        // The rest of the file may still be on its way: nobody is to wait for it.
        reply.header('connection', 'close')
        return refuse(reply, refusals, refusalOf(received.refusal))
      }
      const { id } = received
      let isBegun = false
      const { method, url, caller, headers } = request
      // A file is not kept: its hash stands for its bytes.
      const keyed = { method, url, caller, headers, rawBody: hash.digest() }
      try {
        return await once<{ id: string }, IntegrationsRefusal, typeof reply>({ db }, keyed, reply, {
          refusals,
          work: async (tx) => {
            await beginImport(tx, { id, kind: name, actor, dryRun, rowCount: received.rowCount })
            isBegun = true
            return { status: 202, stored: { id: formatId('fileImport', id) } }
          },
          render: async (stored) => {
            const file = await readImport(db, readId('fileImport', stored.id))
            return fileImportJson(must(file, 'an import, of which none that began is ever deleted'))
          },
        })
      } finally {
        // Answered from another request's import, or refused: what came in is nobody's. A failure leaves it to the sweep.
        if (!isBegun) await dropFile(deps, id)
      }
    },
  )

  app.get(
    `/v1/admin/exports/${name}`,
    {
      schema: {
        summary: `All ${name} as a file`,
        description: 'With the columns that the import takes: handed in again, it changes nothing.',
        tags,
        response: { 200: CsvAnswer },
      },
      config: { scope: scopeOf(name, 'read') },
    },
    async (request, reply) => {
      const actor = actorOf(request.caller)
      await db.inTransaction(async (tx) =>
        appendAudit(tx, { actor, action: 'file.exported', object: name, detail: { kind: name } }),
      )
      return sendCsv(reply, `${name}.csv`, writeExport(deps, kind))
    },
  )
}

function scopeOf<Access extends 'read' | 'write'>(kind: FileKindName, access: Access): `${string}:${Access}` {
  return `${roomOf[kind]}:${access}`
}

function mayRead(caller: Caller, { kind }: FileImport): boolean {
  return caller.kind === 'secret' && caller.scopes.includes(scopeOf(kind, 'read'))
}

async function* hashed(source: Readable, hash: Hash): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk)
    yield chunk
  }
}

interface CsvReply {
  type(mediaType: string): this
  header(name: string, value: string): this
  send(payload: never): this
}

function sendCsv<Reply extends CsvReply>(reply: Reply, name: string, chunks: AsyncGenerator<string>): Reply {
  reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${name}"`)
  return reply.send(Readable.from(chunks, { objectMode: false }) as never)
}
