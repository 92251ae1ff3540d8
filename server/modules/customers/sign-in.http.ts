import { Type } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import {
  actorOf,
  customerOf,
  decodeCursor,
  Email,
  encodeCursor,
  idJson,
  InstantJson,
  line,
  Locale,
  once,
  page,
  pageQuery,
  Phone,
  readId,
  refuse,
  refusePlatform,
  strict,
  type App,
  type Caller,
  type ProblemReply,
} from '../../platform/http/index.ts'
import { listMessages, revealMessage, type MessageHead } from './account-messages.ts'
import { readAccountRows } from './accounts.sql.ts'
import { nullable, SessionJson } from './customers-json.ts'
import type { CustomersHttpDeps } from './customers.http.ts'
import { refusals, type CustomersRefusal } from './customers.refusals.ts'
import { PASSWORD_CHARACTERS_MAX } from './password.ts'
import { proveEmail, requestMessage, resetPassword } from './prove-email.ts'
import { readSession } from './sign-in.sql.ts'
import { changePassword, openSessionFor, signIn } from './sign-in.ts'
import { readSessionToken, sessionToken, signOut, type OpenedSession } from './sessions.ts'
import { signUp } from './sign-up.ts'

const tags = ['customers']
/** Longer ones are refused by their schema; too short ones in words. */
const Password = Type.String({ minLength: 1, maxLength: PASSWORD_CHARACTERS_MAX, 'x-machine-code': true })
const Token = Type.String({ pattern: '^[\\w-]{43}$', 'x-machine-code': true })
const Accepted = strict(
  { status: Type.Literal('accepted', { description: 'Whether the e-mail has an account is not told.' }) },
  { title: 'MessageAccepted' },
)
const Done = strict({ status: Type.Literal('done') }, { title: 'Done' })
const done = { status: 'done' } as const
const accepted = { status: 'accepted' } as const

/*
 * Routes with a password in their body take no Idempotency-Key: under one we would keep a fast hash of the body, which
 * is a fast hash of the password. Sent again each does what it did, or says that it was done.
 */
const open = { scope: 'store', customer: 'ignored', idempotent: 'natural', refusals } as const
const own = { scope: 'store', customer: 'required', idempotent: 'natural', refusals } as const

/** @param deps.isChannel  whether there is such a channel */
export function mountSignIn(
  app: App,
  { db, customers, isChannel }: CustomersHttpDeps & { readonly isChannel: (id: Id<'channel'>) => Promise<boolean> },
): void {
  const { inner } = customers
  const { keys, tokens } = inner

  app.post(
    '/v1/store/customer/sign-up',
    {
      schema: {
        summary: 'Asks for an account',
        description:
          'The answer is the same when the e-mail has one already: that account stays as it is, and its owner is told ' +
          'by mail. Where its e-mail was not proved yet, the password takes effect with the token of that mail.',
        tags,
        body: strict(
          {
            email: Email,
            password: Password,
            name: Type.Optional(line(200)),
            phone: Type.Optional(Phone),
            locale: Type.Optional(Locale),
          },
          { title: 'SignUp' },
        ),
        response: { 202: Accepted },
      },
      config: open,
    },
    async (request, reply) => {
      const refusal = await signUp(inner, { ...request.body, channelId: channelOf(request.caller) })
      return refusal === null ? reply.code(202).send(accepted) : answerRefusal(reply, refusal)
    },
  )

  app.post(
    '/v1/store/customer/sessions',
    {
      schema: {
        summary: 'Signs a customer in with their password',
        tags,
        body: strict({ email: Email, password: Password }, { title: 'SignIn' }),
        response: { 201: SessionJson },
      },
      config: open,
    },
    async (request, reply) => {
      const outcome = await signIn(inner, {
        ...request.body,
        channelId: channelOf(request.caller),
        from: request.ip,
      })
      return outcome.kind === 'refused'
        ? answerRefusal(reply, outcome.refusal)
        : reply.code(201).send(sessionJson(outcome.session))
    },
  )

  for (const [path, summary, everywhere] of [
    ['session', 'Signs a customer out here', false],
    ['sessions', 'Signs a customer out everywhere', true],
  ] as const) {
    app.delete(
      `/v1/store/customer/${path}`,
      {
        schema: {
          summary,
          description:
            'Of the session whose `Waybill-Customer-Token` comes along. One that ended already is done with: it ends ' +
            "no other. A token of an identity provider has no session here; the provider's own way out is the head's.",
          tags,
          response: { 200: Done },
        },
        // The token is looked at here: one that ended would not get past the door, and a lost answer is asked again.
        config: { scope: 'store', customer: 'ignored', idempotent: 'natural' },
      },
      async (request, reply) => {
        const token = request.headers['waybill-customer-token']
        if (token === undefined) return refusePlatform(reply, 'customer_required')
        const sessionId = typeof token === 'string' ? readSessionToken(tokens, token) : null
        if (sessionId === null) return refusePlatform(reply, 'customer_token_invalid')
        await db.inTransaction((tx) => signOut(tx, { sessionId, everywhere }))
        return reply.send(done)
      },
    )
  }

  app.put(
    '/v1/store/customer/password',
    {
      schema: {
        summary: 'Changes the password; other sessions end',
        tags,
        body: strict({ current: Password, password: Password }, { title: 'PasswordChange' }),
        response: { 200: Done },
      },
      config: own,
    },
    async (request, reply) => {
      const refusal = await changePassword(inner, {
        ...customerOf(request.caller),
        ...request.body,
        from: request.ip,
      })
      return refusal === null ? reply.send(done) : answerRefusal(reply, refusal)
    },
  )

  app.post(
    '/v1/store/customer/email-verifications',
    {
      schema: {
        summary: 'Proves an e-mail with the token from its mailbox',
        description:
          "Where a password was chosen it is asked for as well, the account's own or that of the sign-up that the " +
          'mail answers; whoever knows neither resets it. With the latter every session ends, and addresses that were ' +
          'put into the book before leave it.',
        tags,
        body: strict({ token: Token, password: Type.Optional(Password) }, { title: 'EmailVerification' }),
        response: { 200: Done },
      },
      config: open,
    },
    async (request, reply) => {
      const refusal = await proveEmail(inner, request.body)
      return refusal === null ? reply.send(done) : answerRefusal(reply, refusal)
    },
  )

  for (const [path, kind, summary] of [
    ['password-reset-requests', 'reset_password', 'Asks for a token to set a new password with'],
    ['email-verification-requests', 'verify_email', 'Asks for another token to prove the e-mail with'],
  ] as const) {
    app.post(
      `/v1/store/customer/${path}`,
      {
        schema: {
          summary,
          description: 'The answer is the same when there is nothing to send; at most one a minute is sent.',
          tags,
          body: strict({ email: Email }, { title: 'MessageRequest' }),
          response: { 202: Accepted },
        },
        config: open,
      },
      async (request, reply) => {
        const { email } = request.body
        const refusal = await requestMessage(inner, {
          kind,
          email,
          channelId: channelOf(request.caller),
        })
        return refusal === null ? reply.code(202).send(accepted) : answerRefusal(reply, refusal)
      },
    )
  }

  app.post(
    '/v1/store/customer/password-resets',
    {
      schema: {
        summary: 'Sets a new password with the token from a mailbox',
        description: 'Proves the e-mail as well; every session ends.',
        tags,
        body: strict({ token: Token, password: Password }, { title: 'PasswordReset' }),
        response: { 200: Done },
      },
      config: open,
    },
    async (request, reply) => {
      const refusal = await resetPassword(inner, request.body)
      return refusal === null ? reply.send(done) : answerRefusal(reply, refusal)
    },
  )

  app.post(
    '/v1/admin/customers/:id/sessions',
    {
      schema: {
        summary: 'Signs a customer in for whom the head itself vouches',
        description: 'For heads that know their customers by other means: a link by mail, another system, a till.',
        tags,
        params: strict({ id: idJson('person') }),
        body: strict({ channelId: idJson('channel') }, { title: 'VouchedSession' }),
        response: { 201: SessionJson },
      },
      config: { scope: 'customers:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const personId = readId('person', request.params.id)
      const channelId = readId('channel', request.body.channelId)
      // Before the key is taken: who is nobody leaves no trace.
      if ((await readAccountRows(db, [personId])).length === 0) return refusePlatform(reply, 'not_found')
      const hasChannel = await isChannel(channelId)
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const command = { actor: actorOf(request.caller), personId, channelId }
          const session = hasChannel ? await openSessionFor(tx, keys, command) : null
          return session === null
            ? { refuse: { code: hasChannel ? ('account_unknown' as const) : ('channel_unknown' as const) } }
            : { status: 201, stored: { sessionId: session.id } }
        },
        render: async ({ sessionId }) => {
          const session = must(await readSession(db, sessionId), 'the session just opened')
          return sessionJson({ id: session.id, personId, expiresAt: session.expires_at })
        },
      })
    },
  )

  app.get(
    '/v1/admin/customer-messages',
    {
      schema: {
        summary: 'Lists messages to customers that nobody has fetched yet, oldest first',
        description: 'The event `customer.message_due` tells of each. They are for whoever sends the mails.',
        tags,
        querystring: strict(pageQuery),
        response: { 200: page(MessageJson) },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const after = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (after === null) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      const messages = await listMessages(db, { after: after[0] as Id<'customerMessage'> | null, limit: limit + 1 })
      const last = messages.length > limit ? messages[limit - 1] : undefined
      return reply.send({
        items: messages.slice(0, limit).map(messageJson),
        nextCursor: last === undefined ? null : encodeCursor([last.id]),
      })
    },
  )

  app.post(
    '/v1/admin/customer-messages/:id/reveal',
    {
      schema: {
        summary: 'Opens a message for its delivery',
        description:
          'Whoever holds the token is the customer: send it to the e-mail and nowhere else. May be repeated.',
        tags,
        params: strict({ id: idJson('customerMessage') }),
        response: { 200: RevealedMessageJson },
      },
      config: { scope: 'customers:write', idempotent: 'natural' },
    },
    async (request, reply) => {
      const id = readId('customerMessage', request.params.id)
      const message = await db.inTransaction((tx) => revealMessage(tx, keys, { actor: actorOf(request.caller), id }))
      if (message === null) return refusePlatform(reply, 'not_found')
      const { email, name, token } = message
      return reply.send({ ...messageJson(message), email, name, token })
    },
  )

  function sessionJson({ id, personId, expiresAt }: OpenedSession) {
    return {
      customerId: formatId('person', personId),
      customerToken: sessionToken(tokens, id),
      expiresAt: formatInstant(expiresAt),
    }
  }
}

const messageFields = {
  id: idJson('customerMessage'),
  customerId: idJson('person'),
  channelId: idJson('channel'),
  kind: Type.Enum(['verify_email', 'reset_password', 'already_registered']),
  createdAt: InstantJson,
  expiresAt: InstantJson,
  revealedAt: nullable(InstantJson),
}
const MessageJson = strict(messageFields, { title: 'CustomerMessage' })
const RevealedMessageJson = strict(
  {
    ...messageFields,
    email: nullable(Type.String()),
    name: nullable(Type.String()),
    token: Type.Union([Type.String(), Type.Null()], { description: 'null where there is none, or none any more.' }),
  },
  { title: 'RevealedMessage' },
)

function messageJson(message: MessageHead) {
  return {
    id: formatId('customerMessage', message.id),
    customerId: formatId('person', message.personId),
    channelId: formatId('channel', message.channelId),
    kind: message.kind,
    createdAt: formatInstant(message.createdAt),
    expiresAt: formatInstant(message.expiresAt),
    revealedAt: message.revealedAt === null ? null : formatInstant(message.revealedAt),
  }
}

/** Slowed callers are told when to come again in the header too. */
function answerRefusal<Reply extends ProblemReply>(reply: Reply, refusal: CustomersRefusal): Reply {
  if (refusal.code === 'sign_in_slowed') {
    reply.header('retry-after', String(Math.ceil(refusal.retryAfterMs / 1_000)))
  }
  return refuse(reply, refusals, refusal)
}

function channelOf(caller: Caller): Id<'channel'> {
  return must(caller.kind === 'publishable' ? caller.channelId : null, 'the channel of a store route')
}
