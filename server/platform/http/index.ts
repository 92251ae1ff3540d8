export type { App, Idempotent } from './app.ts'
export type { Authenticate, AuthenticateCustomer } from './admission.ts'
export {
  actorOf,
  customerOf,
  type Caller,
  type PublishableCaller,
  type Scope,
  type SignedInCustomer,
} from './caller.ts'
export { decodeCursor, encodeCursor, type CursorValues } from './cursor.ts'
export { sendVersion, expectedVersion } from './version.ts'
export { keyRequestOf, once, type KeyedRequest, type OnceOptions, type OnceOutcome } from './idempotency.ts'
export {
  completeKeys,
  deleteOldKeys,
  KEY_RETENTION_MS,
  takeKeys,
  type Json,
  type KeptAnswer,
  type KeyCompletion,
  type KeyRequest,
  type KeyTaking,
} from './idempotency.sql.ts'
export { releaseKeys, sendKeyAnswers } from './hot-keys.sql.ts'
export { mountPlatform, type PlatformRoutes } from './mount-platform.ts'
export { describeOpenApi, describeTags, type OpenApiDocument } from './openapi.ts'
export { refuse, refusePlatform, type ProblemReply } from './problem.ts'
export type { Refusal, RefusalMeaning, RefusalTable } from './refusals.ts'
export * from './schemas.ts'
export { createHttpServer, type HttpServerOptions } from './server.ts'
