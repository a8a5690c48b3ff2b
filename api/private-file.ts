/**
 * Files in PLUMB_HOME that the API makes once and reads ever after: its administrator's token, its own key.
 *
 * The one thing to know before changing it: only the owner may read one, and what stands in it never stands in a log, a URL or
 * an answer. Removing the file and starting again makes a new one.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

export class FileUnusable extends Schema.TaggedError<FileUnusable>()("FileUnusable", {
  path: Schema.String,
  message: Schema.String,
}) {}

export interface PrivateFile<A> {
  readonly name: string
  /** What it holds, in words. */
  readonly holds: string
  /** The text of a new one. */
  readonly make: () => string
  /** Undefined where the text is no such thing. */
  readonly parse: (text: string) => A | undefined
}

/** Of two that start at once, one makes the file and both read it. */
export const readOrMake = <A>(home: string, { holds, make, name, parse }: PrivateFile<A>) => {
  const path = join(home, name)
  return Effect.try({
    try: () => {
      mkdirSync(home, { recursive: true, mode: 0o700 })
      try {
        // "wx" neither follows a link nor opens what is there.
        writeFileSync(path, make(), { flag: "wx", mode: 0o600 })
      } catch (error) {
        if (!(Predicate.hasProperty(error, "code") && error.code === "EEXIST")) throw error
        chmodSync(path, 0o600)
      }
      const found = parse(readFileSync(path, "utf8"))
      if (found === undefined) throw new Error(`it does not hold ${holds}; remove it to get a new one`)
      return found
    },
    catch: (cause) =>
      new FileUnusable({
        path,
        message: `${path} cannot be used: ${cause instanceof Error ? cause.message : cause}`,
      }),
  })
}
