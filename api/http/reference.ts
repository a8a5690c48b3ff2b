/**
 * /docs: the contract to read and to try, as Swagger UI draws it. It is the one page that the API answers.
 *
 * The one thing to know before changing it: the page brings its script with it, and that one alone may run, by its hash. It asks
 * nobody but this API, and nothing is loaded from elsewhere.
 */
import { hash } from "node:crypto"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as HttpApiSwagger from "effect/http-api/HttpApiSwagger"
import { Api } from "../contract.ts"

export const layer = HttpApiSwagger.layer(Api, { path: "/docs" })

/** The text of each script that would run: those with a type are data. */
const scripts = /<script>(.*?)<\/script>/gs

const policies = new WeakMap<object, string>()

/** What the page may do; undefined for what is no page. */
export const pagePolicy = ({ body, headers }: HttpServerResponse): string | undefined => {
  if (body._tag !== "Uint8Array" || headers["content-type"]?.startsWith("text/html") !== true) return undefined
  const known = policies.get(body.body)
  if (known !== undefined) return known
  const text = new TextDecoder().decode(body.body)
  const hashes = [...text.matchAll(scripts)].map(([, script = ""]) => `'sha256-${hash("sha256", script, "base64")}'`)
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}`,
    // Swagger UI writes styles into its elements.
    "style-src 'unsafe-inline'",
    "img-src data:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ")
  policies.set(body.body, policy)
  return policy
}
