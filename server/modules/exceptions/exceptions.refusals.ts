import type { RefusalTable } from '../../platform/http/index.ts'
import type { CloseExceptionRefusal } from './close-exceptions.ts'

export type ExceptionsRefusal = CloseExceptionRefusal

export const refusals = {
  exception_closed: { status: 409, meaning: 'The exception was closed before, by `closedBy`.' },
} as const satisfies RefusalTable<ExceptionsRefusal>
