/** The paths of the contract and those that requests come for. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"

export const pathOf = ({ url }: HttpServerRequest): string => url.replace(/[?#].*$/s, "")

/** `/v1/records/:kind/:name` as what it matches. */
export const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/:[a-z]+/gi, "[^/]+")}$`)
