// Ends the sessions whose key, password or access is no longer there. Level-triggered: what is on the host now decides, not
// what was just changed.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Activation, ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "../host/failure.ts"
import type { HostShape } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { type Allowed, endOfFile, markOfFile, mayGoOn, parseSession } from "../host/sessions.ts"
import { keepSessionsMark, keysFolder } from "../resources/ssh-place.ts"

export const accountsOf = (activations: Iterable<Activation>): ReadonlySet<string> =>
  new Set([...activations].flatMap((one) => (one.kind === "sessions" ? [one.account] : [])))

/** Of these accounts, or of whoever has one: time ends keys too. Gives those of them that failed. */
export const endSessions = (
  { accounts, files, systemd }: HostShape,
  of: ReadonlySet<string> | "all",
): Effect.Effect<ReadonlyMap<string, ResourceFailure>> => {
  const allowed = (account: string, now: number): Effect.Effect<Allowed, ResourceFailure> =>
    Effect.try({
      try: () => {
        const folder: HostPath = keysFolder(account)
        const names = files.list(folder)
        const keys = names
          .filter((name) => name.endsWith(".pub") && files.stat(`${folder}/${name}`)?.type === "file")
          .map((name) => [name, files.read(`${folder}/${name}`, 65_536).toString("utf8")] as const)
          .filter(([, content]) => (endOfFile(content) ?? Number.POSITIVE_INFINITY) > now)
          .map(([name, content]) => {
            return [name.slice(0, -".pub".length), markOfFile(content) ?? ""] as const
          })
        const groups = [...accounts.groups().values()]
        return {
          groups: new Set(groups.filter(({ members }) => members.includes(account)).map(({ name }) => name)),
          keys: new Map(keys),
          keep: names.includes(keepSessionsMark),
        }
      },
      catch: toFailure,
    })
  const end = Effect.gen(function* () {
    const failed = new Map<string, ResourceFailure>()
    const sessions = [...(yield* systemd.list).keys()].flatMap((unit) => parseSession(unit) ?? [])
    const time = yield* Clock.currentTimeMillis
    for (const account of of === "all" ? new Set(sessions.map((session) => session.account)) : of) {
      const own = sessions.filter((session) => session.account === account)
      if (own.length === 0) continue
      const now = yield* Effect.result(allowed(account, time))
      if (now._tag === "Failure") {
        failed.set(account, now.failure)
        continue
      }
      for (const session of own.filter((one) => !mayGoOn(one, now.success))) {
        const stopped = yield* Effect.result(systemd.stop(session.unit))
        if (stopped._tag === "Failure") failed.set(account, stopped.failure)
      }
    }
    return failed
  })
  // Mostly nobody is logged in, and an agent is idle nearly all of its life.
  if (of === "all" ? ![...systemd.listed().keys()].some(parseSession) : of.size === 0) return Effect.succeed(new Map())
  const named = of === "all" ? [] : [...of]
  return Effect.catch(end, (failure) => Effect.succeed(new Map(named.map((account) => [account, failure] as const))))
}
