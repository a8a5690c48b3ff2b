// What is to be ordered for a site, and how far that has come: a file each, so that both outlive the agent. Passes write the
// wish and read the progress, the issuer reads the wish and writes the progress.

import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Files } from "../host/files.ts"
import { attempt, type Host } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { progressOf, wishOf } from "../resources/certificate-place.ts"
import { Unwanted } from "./failure.ts"

export const Wish = Schema.Struct({
  /** One order for all of them, the primary one first. */
  names: Schema.Array(Schema.String),
  directory: Schema.String,
  email: Schema.NullOr(Schema.String),
  /** Certificates of authorities that the server may prove itself by. */
  trust: Schema.NullOr(Schema.String),
  /** The hook that sets records in the DNS; null: the challenge is answered over HTTP. */
  hook: Schema.NullOr(Schema.String),
  /** Addresses of this host besides those of its interfaces. */
  addresses: Schema.Array(Schema.String),
  /** Whose group lets nginx's workers in. */
  group: Schema.String,
})
export type Wish = typeof Wish.Type

export const Failure = Schema.Struct({
  atMillis: Schema.Number,
  /** Of which names: other names have no failures yet. */
  names: Schema.String,
  /** CamelCase, as in a condition. */
  reason: Schema.String,
  message: Schema.String,
})
export type Failure = typeof Failure.Type

export const Progress = Schema.Struct({
  /** The certificate that was taken over last, by its fingerprint. */
  issued: Schema.optionalKey(
    Schema.Struct({ fingerprint: Schema.String, directory: Schema.String, atMillis: Schema.Number }),
  ),
  /** Under way: at the server it is known by this URL. */
  order: Schema.optionalKey(
    Schema.Struct({
      url: Schema.String,
      directory: Schema.String,
      names: Schema.String,
      atMillis: Schema.Number,
      /** What has to be taken away when it ends. */
      files: Schema.Array(Schema.String),
      records: Schema.Array(Schema.Struct({ hook: Schema.String, name: Schema.String, value: Schema.String })),
    }),
  ),
  failures: Schema.Array(Failure),
  /** Not to be tried again before. */
  retryAtMillis: Schema.optionalKey(Schema.Number),
  /** When the key of the next order was made. */
  keyMadeAtMillis: Schema.optionalKey(Schema.Number),
  /** The step that it is at, as a sentence. */
  step: Schema.optionalKey(Schema.String),
})
export type Progress = typeof Progress.Type

export const nothingYet: Progress = { failures: [] }

export const namesKey = (names: ReadonlyArray<string>): string => names.toSorted().join(" ")

const ownFile = { owner: "root", group: "root", mode: 0o600 }

export const textOf = (value: Wish | Progress): string => `${JSON.stringify(value, null, 1)}\n`

export const readText = (files: Files, path: HostPath): string | undefined =>
  files.stat(path)?.type === "file" ? files.read(path, 1024 * 1024).toString("utf8") : undefined

/** What cannot be read counts as not there: both are made again. */
const readJson = <A>(shape: Schema.Codec<A, unknown>, text: string | undefined): A | undefined => {
  if (text === undefined) return undefined
  try {
    return Option.getOrUndefined(Schema.decodeUnknownOption(shape)(JSON.parse(text)))
  } catch {
    return undefined
  }
}

export const readWish = (files: Files, site: string): Wish | undefined => readJson(Wish, readText(files, wishOf(site)))

export const readProgress = (files: Files, site: string): Progress =>
  readJson(Progress, readText(files, progressOf(site))) ?? nothingYet

export const writeWish = (files: Files, site: string, wish: Wish): void =>
  files.write(wishOf(site), textOf(wish), ownFile)

/**
 * Writes something for a wish only while it stands, and looks in one go with it: whoever takes the wish away first and then
 * the rest finds that nothing of it comes back.
 */
export const whileWanted = <A>(
  site: string,
  wish: Wish,
  write: (files: Files) => A,
): Effect.Effect<A, ResourceFailure | Unwanted, Host> =>
  attempt(({ files }) =>
    readText(files, wishOf(site)) === textOf(wish) ? Option.some(write(files)) : Option.none(),
  ).pipe(Effect.flatMap(Option.match({ onNone: () => Effect.fail(new Unwanted()), onSome: Effect.succeed })))

export const writeProgress = (files: Files, site: string, progress: Progress): void =>
  files.write(progressOf(site), textOf(progress), ownFile)
