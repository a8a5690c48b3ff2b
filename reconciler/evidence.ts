// What can be known of who changed a thing, and the copy of what they had written. Hints for a person, best effort: neither
// failing is a reason not to heal.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Evidence } from "./engine.ts"
import { look } from "./host/command.ts"
import { attempt, Host } from "./host/host.ts"
import { keepCopy } from "./host/kept.ts"
import { hostPath } from "./host/path.ts"
import type { Author } from "./store.ts"

const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

/** Who is logged in, as who(1) says; a host without it has nobody to name. */
const sessions = Effect.gen(function* () {
  const host = yield* Host
  if (host.kind !== "live") return []
  const { code, stdout } = yield* look(["who"], 5)
  return code === 0 ? stdout.split("\n").flatMap((line) => line.trim().replace(/\s+/g, " ") || []) : []
}).pipe(Effect.orElseSucceed(() => []))

const touched = (path: string) =>
  attempt(({ files }): Author => {
    const stat = files.stat(hostPath(path))
    return stat === undefined ? {} : { changedAt: iso(stat.modifiedMs), owner: stat.owner }
  }).pipe(Effect.orElseSucceed((): Author => ({})))

export const evidence: Evidence = {
  author: (path) =>
    Effect.gen(function* () {
      const file = path === undefined ? {} : yield* touched(path)
      const who = yield* sessions
      return who.length === 0 ? file : { ...file, sessions: who }
    }),
  keep: (_, key, text) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => keepCopy(key, text, iso(now))).pipe(
      Effect.catch((failure) =>
        Effect.as(Effect.logWarning(`No copy of ${key} was kept: ${failure.message}`), undefined),
      ),
    ),
}
