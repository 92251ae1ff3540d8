export {
  closeExceptions,
  type CloseExceptionOutcome,
  type CloseExceptionRefusal,
  type Closing,
} from './close-exceptions.ts'
export type { Exception } from './exception.ts'
export { events } from './exceptions.events.ts'
export { mountExceptions } from './exceptions.http.ts'
export { refusals, type ExceptionsRefusal } from './exceptions.refusals.ts'
export type { ExceptionFilter } from './exceptions.sql.ts'
export { raiseExceptions, type NewException } from './raise-exceptions.ts'
