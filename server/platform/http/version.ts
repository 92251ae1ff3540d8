import { must } from '../../kernel/invariant.ts'
import type { ProblemReply } from './problem.ts'

/** Names the version that an answer shows, to be sent back in `If-Match`. */
export function sendVersion<Reply extends ProblemReply>(reply: Reply, version: number): Reply {
  reply.header('etag', `"${version}"`)
  return reply
}

/** The version an edit was decided on, in a route declared `ifMatch: 'required'`. */
export function expectedVersion(request: { readonly ifMatch: number | null }): number {
  return must(request.ifMatch, "the If-Match of a route declared ifMatch: 'required'")
}
