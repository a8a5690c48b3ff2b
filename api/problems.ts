/**
 * What can go wrong with a request, as problem documents (RFC 9457). Every error that leaves the API is one of these.
 *
 * The one thing to know before changing it: `type` is what clients tell errors apart by. Titles and details may be
 * reworded; a type, once released, stays.
 */

import { Problem } from "effect/http-api/HttpApiError"
import * as Schema from "effect/Schema"

const type = <const Name extends string>(name: Name) => `https://plumbline.dev/problems/${name}` as const

/** One mistake: where it is, what is wrong and how to mend it. An answer lists all of them, never only the first. */
export const Mistake = Schema.Struct({
  /** Position in the list of records that was sent, from 0: what a client maps to a file and a line. */
  index: Schema.optionalKey(Schema.Int),
  kind: Schema.optionalKey(Schema.String),
  name: Schema.optionalKey(Schema.String),
  /** Path of the field, such as `spec.domains[0]`. */
  field: Schema.String,
  message: Schema.String,
  mend: Schema.String,
})
export type Mistake = typeof Mistake.Type

/** The version that a writer saw, and the one that is there. 0 stands for "no such record". */
export const VersionMismatch = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  expected: Schema.Int,
  actual: Schema.Int,
})
export type VersionMismatch = typeof VersionMismatch.Type

/** The request itself cannot be read: not JSON, an unknown or ill-formed parameter. */
export class Malformed extends Problem<Malformed>()(
  "Malformed",
  { type: type("malformed"), status: 400, title: "The request cannot be read" },
  { problems: Schema.Array(Mistake) },
) {}

export class Unauthenticated extends Problem<Unauthenticated>()("Unauthenticated", {
  type: type("unauthenticated"),
  status: 401,
  title: "This needs a log-in",
}) {}

export class Forbidden extends Problem<Forbidden>()("Forbidden", {
  type: type("forbidden"),
  status: 403,
  title: "This is not allowed",
}) {}

export class NotFound extends Problem<NotFound>()("NotFound", {
  type: type("not-found"),
  status: 404,
  title: "There is no such thing",
}) {}

export class MethodNotAllowed extends Problem<MethodNotAllowed>()("MethodNotAllowed", {
  type: type("method-not-allowed"),
  status: 405,
  title: "This address does not know the method",
}) {}

/** Somebody else wrote first. Nothing was written. */
export class Conflict extends Problem<Conflict>()(
  "Conflict",
  { type: type("conflict"), status: 409, title: "The record is not the one that was seen" },
  { versions: Schema.Array(VersionMismatch) },
) {}

/** A prune that a guard holds back. Nothing was written. */
export class PruneRefused extends Problem<PruneRefused>()(
  "PruneRefused",
  { type: type("prune-refused"), status: 409, title: "The prune would delete too much" },
  {
    /** Whether the same request with `confirmPrune: true` would be carried out. */
    confirmable: Schema.Boolean,
    /** How many records the source has now, and which of them would go (`Kind/name`). */
    owned: Schema.Int,
    wouldDelete: Schema.Array(Schema.String),
  },
) {}

export class TooLarge extends Problem<TooLarge>()(
  "TooLarge",
  { type: type("too-large"), status: 413, title: "The request is too large" },
  { limit: Schema.Int },
) {}

export class Unsupported extends Problem<Unsupported>()("Unsupported", {
  type: type("unsupported-media-type"),
  status: 415,
  title: "The body is not JSON",
}) {}

/** What was sent can be read, but is wrong. All mistakes are listed and nothing was written. */
export class Invalid extends Problem<Invalid>()(
  "Invalid",
  { type: type("invalid"), status: 422, title: "What was sent has mistakes" },
  { problems: Schema.Array(Mistake) },
) {}

/** Too many log-ins failed. The answer carries Retry-After. */
export class Locked extends Problem<Locked>()(
  "Locked",
  { type: type("too-many-attempts"), status: 429, title: "Too many attempts" },
  {
    /** In seconds. */
    retryAfter: Schema.Int,
  },
) {}

/** Too many requests came from one place. The answer carries Retry-After. */
export class RateLimited extends Problem<RateLimited>()(
  "RateLimited",
  { type: type("rate-limited"), status: 429, title: "Too many requests" },
  {
    /** In seconds. */
    retryAfter: Schema.Int,
  },
) {}

export class InternalError extends Problem<InternalError>()("InternalError", {
  type: type("internal"),
  status: 500,
  title: "Something went wrong in Plumbline",
}) {}

/** The mail server does not take it; the detail has its words. */
export class MailRefused extends Problem<MailRefused>()("MailRefused", {
  type: type("mail-refused"),
  status: 502,
  title: "The mail server did not take it",
}) {}

/** The database is away, or the API is starting. The answer carries Retry-After. */
export class Unavailable extends Problem<Unavailable>()("Unavailable", {
  type: type("unavailable"),
  status: 503,
  title: "Not available at the moment",
}) {}
