/** Where a request comes from, as the audit trail and the counting of log-ins know it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"

/** Given to every request by the edge; the answer carries it, and so do the log and the audit trail. */
export const RequestId = Context.Reference("plumbline/api/RequestId", { defaultValue: () => "" })

export interface Caller {
  readonly address: string
  /** What the client says that it is, cut. */
  readonly agent: string
  readonly requestId: string
  /** Set by every browser of today and by no script in one (Fetch Metadata): where its tokens go is not the page's to choose. */
  readonly browser: boolean
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 200)

export const caller = Effect.gen(function* () {
  const request = yield* HttpServerRequest
  const { headers } = request
  return {
    address: Option.getOrElse(request.remoteAddress, () => "unknown"),
    agent: printable(headers["user-agent"] ?? ""),
    requestId: yield* RequestId,
    browser: headers["sec-fetch-site"] !== undefined,
  } satisfies Caller
})
