/**
 * For which name a passkey is good: the host that the portal is open at (WebAuthn, section 5.1.2, "relying party identifier").
 *
 * The one thing to know before changing it: the name is the request's `Host`, which the edge has held against those that this API
 * answers for. A page of another host cannot ask for one of ours.
 */
import { isIP } from "node:net"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import { Invalid } from "../problems.ts"

export interface RelyingParty {
  readonly id: string
  /** The pages from which an answer may come. */
  readonly origins: ReadonlyArray<string>
}

/** A secure context is HTTPS, or this machine (Secure Contexts, section 3.1). */
const originsOf = (host: string, name: string) =>
  name === "localhost" ? [`http://${host}`, `https://${host}`] : [`https://${host}`]

export const relyingParty = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest
  const host = (headers["host"] ?? "").toLowerCase()
  const url = `http://${host}`
  const name = URL.canParse(url) ? new URL(url).hostname : ""
  if (name === "" || name.startsWith("[") || isIP(name) !== 0)
    return yield* new Invalid({
      detail: "Passkeys belong to a name, and this is an address.",
      problems: [
        { field: "", message: `The portal is open at ${host}.`, mend: "Open it by its name, such as localhost." },
      ],
    })
  return { id: name, origins: originsOf(host, name) } satisfies RelyingParty
})
