import { Type, type TSchema } from 'typebox'
import { unreachable } from '../../kernel/invariant.ts'
import { commitIf } from '../../platform/commit-if.ts'
import {
  actorOf,
  expectedVersion,
  idJson,
  once,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
  type Json,
  type KeyedRequest,
  type ProblemReply,
} from '../../platform/http/index.ts'
import type { CatalogBook } from './book.ts'
import type { CatalogHttpDeps } from './catalog.http.ts'
import { refusals } from './catalog.refusals.ts'
import type { TaxonomyByKind, TaxonomyKind } from './check-taxonomy.ts'
import type { EditTaxonomyOutcome, NewTaxonomy, TaxonomyChanges } from './save-taxonomy.ts'
import {
  AttributeEdit,
  AttributeJson,
  attributeJson,
  CategoryEdit,
  CategoryJson,
  categoryJson,
  NewAttribute,
  NewCategory,
  readAttributeEdit,
  readCategoryEdit,
  readNewAttribute,
  readNewCategory,
} from './taxonomy-json.ts'

const tags = ['catalog']
const read = { scope: 'catalog:read' } as const
const create = { scope: 'catalog:write', idempotent: 'key', refusals } as const
const edit = { scope: 'catalog:write', idempotent: 'natural', ifMatch: 'required', refusals } as const

/** A tree and its filters are shown whole; a large merchant has some thousand categories. */
const whole = <Item extends TSchema>(item: Item) => strict({ items: Type.Array(item), nextCursor: Type.Null() })

export function mountTaxonomy(app: App, deps: CatalogHttpDeps): void {
  mountCategories(app, deps)
  mountAttributes(app, deps)
}

function mountCategories(app: App, deps: CatalogHttpDeps): void {
  const edge = { kind: 'category', view: categoryJson } as const
  const params = strict({ id: idJson('category') })
  app.get(
    '/v1/admin/categories',
    {
      schema: {
        summary: 'Lists categories, parents before what is below them',
        tags,
        response: { 200: whole(CategoryJson) },
      },
      config: read,
    },
    async (_request, reply) => {
      const book = await deps.catalog.currentBook()
      return reply.send({ items: book.categories.map((each) => categoryJson(each, book)), nextCursor: null })
    },
  )

  app.get(
    '/v1/admin/categories/:id',
    { schema: { summary: 'Reads a category', tags, params, response: { 200: CategoryJson } }, config: read },
    async (request, reply) => {
      const book = await deps.catalog.currentBook()
      return answerOne(reply, book, edge, book.categoryById.get(readId('category', request.params.id)))
    },
  )

  app.post(
    '/v1/admin/categories',
    {
      schema: { summary: 'Adds a category', tags, body: NewCategory, response: { 201: CategoryJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, (book) => readNewCategory(request.body, book)),
  )

  app.patch(
    '/v1/admin/categories/:id',
    {
      schema: {
        summary: 'Edits or moves a category',
        tags,
        params,
        body: CategoryEdit,
        response: { 200: CategoryJson },
      },
      config: edit,
    },
    async (request, reply) => {
      const id = readId('category', request.params.id)
      return answerEdit(deps, request, reply, edge, { id, read: (book) => readCategoryEdit(request.body, book) })
    },
  )
}

function mountAttributes(app: App, deps: CatalogHttpDeps): void {
  const edge = { kind: 'attribute', view: attributeJson } as const
  const params = strict({ id: idJson('attribute') })
  app.get(
    '/v1/admin/attributes',
    {
      schema: { summary: 'Lists attributes in their order', tags, response: { 200: whole(AttributeJson) } },
      config: read,
    },
    async (_request, reply) => {
      const book = await deps.catalog.currentBook()
      return reply.send({ items: book.attributes.map(attributeJson), nextCursor: null })
    },
  )

  app.get(
    '/v1/admin/attributes/:id',
    { schema: { summary: 'Reads an attribute', tags, params, response: { 200: AttributeJson } }, config: read },
    async (request, reply) => {
      const book = await deps.catalog.currentBook()
      const id = readId('attribute', request.params.id)
      return answerOne(
        reply,
        book,
        edge,
        book.attributes.find((each) => each.id === id),
      )
    },
  )

  app.post(
    '/v1/admin/attributes',
    {
      schema: { summary: 'Adds an attribute', tags, body: NewAttribute, response: { 201: AttributeJson } },
      config: create,
    },
    async (request, reply) => createOnce(deps, request, reply, edge, () => readNewAttribute(request.body)),
  )

  app.patch(
    '/v1/admin/attributes/:id',
    {
      schema: { summary: 'Edits an attribute', tags, params, body: AttributeEdit, response: { 200: AttributeJson } },
      config: edit,
    },
    async (request, reply) => {
      const id = readId('attribute', request.params.id)
      return answerEdit(deps, request, reply, edge, { id, read: () => readAttributeEdit(request.body) })
    },
  )
}

// — what the routes of both kinds do alike —

interface Edge<Kind extends TaxonomyKind> {
  readonly kind: Kind
  readonly view: (row: TaxonomyByKind[Kind], book: CatalogBook) => Json
}

function answerOne<Kind extends TaxonomyKind, Reply extends ProblemReply>(
  reply: Reply,
  book: CatalogBook,
  { view }: Edge<Kind>,
  row: TaxonomyByKind[Kind] | undefined,
): Reply {
  if (row === undefined) return refusePlatform(reply, 'not_found')
  sendVersion(reply, row.version).send(view(row, book))
  return reply
}

async function createOnce<Kind extends TaxonomyKind, Reply extends ProblemReply>(
  { db, catalog }: CatalogHttpDeps,
  request: KeyedRequest,
  reply: Reply,
  { kind, view }: Edge<Kind>,
  readBody: (book: CatalogBook) => NewTaxonomy<Kind>,
): Promise<Reply> {
  // Before the transaction: inside, a second connection would be asked for while the first is held.
  const book = await catalog.currentBook()
  const fields = readBody(book)
  return once({ db }, request, reply, {
    refusals,
    work: async (tx) => {
      const outcome = await catalog.createTaxonomy(tx, { actor: actorOf(request.caller), kind, fields })
      return outcome.kind === 'refused' ? { refuse: outcome.refusal } : { status: 201, stored: view(outcome.row, book) }
    },
    render: (stored) => {
      sendVersion(reply, 1)
      return stored
    },
  })
}

async function answerEdit<Kind extends TaxonomyKind, Reply extends ProblemReply>(
  { db, catalog }: CatalogHttpDeps,
  request: KeyedRequest & { readonly ifMatch: number | null },
  reply: Reply,
  { kind, view }: Edge<Kind>,
  {
    id,
    read: readBody,
  }: { readonly id: TaxonomyByKind[Kind]['id']; readonly read: (book: CatalogBook) => TaxonomyChanges<Kind> },
): Promise<Reply> {
  const book = await catalog.currentBook()
  const command = {
    actor: actorOf(request.caller),
    kind,
    id,
    seenVersion: expectedVersion(request),
    changes: readBody(book),
  }
  const outcome: EditTaxonomyOutcome<Kind> = await commitIf(
    db,
    (tx) => catalog.editTaxonomy(tx, command),
    (edited) => edited.kind === 'edited',
  )
  switch (outcome.kind) {
    case 'edited':
      sendVersion(reply, outcome.row.version).send(view(outcome.row, book))
      return reply
    case 'unknown':
      return refusePlatform(reply, 'not_found')
    case 'version_mismatch':
      return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
    case 'refused':
      return refuse(reply, refusals, outcome.refusal)
    default:
      return unreachable(outcome)
  }
}
