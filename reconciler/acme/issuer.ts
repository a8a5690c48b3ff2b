// Orders certificates, beside all passes: every wish that is on the host, when its time has come. When that is, is computed
// from files each time and so the same after a restart: now for what there is none yet, at two thirds of its life for what
// there is, and not before a failure and the server's own word allow it.

import * as fs from "node:fs"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import { pairOfText, uncovered } from "../../spec/x509.ts"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Files } from "../host/files.ts"
import { attempt, type Host } from "../host/host.ts"
import { acmeWishesFolder } from "../host/state-folders.ts"
import { pairOf } from "../resources/certificate-place.ts"
import { forgetUrl, quiet, quietUntil } from "./accounts.ts"
import { AcmeFailure, isOfNames } from "./failure.ts"
import { drop, pursue } from "./order.ts"
import { renewalOf } from "./renewal.ts"
import {
  namesKey,
  type Progress,
  readProgress,
  readText,
  readWish,
  type Wish,
  whileWanted,
  writeProgress,
} from "./wish.ts"

/** The first wait after a failure, in milliseconds; the others are multiples of it. PLUMB_ACME_RETRY_SECONDS, for tests. */
export class Patience extends Context.Reference<number>("plumbline/reconciler/acme/Patience", {
  defaultValue: () => 1000 * (Number(process.env["PLUMB_ACME_RETRY_SECONDS"]) || 60),
}) {}

const atOnce = 4
const keptFailures = 50

// Minutes, as a rule: five in the first hour, which is what Let's Encrypt takes, then one an hour, after a day four a day.
const waits = [1, 3, 10, 30, 60]

/** When it is tried again after this failure. */
export const retryAt = (
  failures: ReadonlyArray<Progress["failures"][number]>,
  patience: number,
  now: number,
): number => {
  const count = failures.length
  const wait = now + (waits[count - 1] ?? (count > 28 ? 360 : 60)) * patience
  const fifth = failures.at(-5)
  return fifth === undefined ? wait : Math.max(wait, fifth.atMillis + 60 * patience)
}

/** When something has to be done for the site, in milliseconds since 1970. */
export const dueAt = (files: Files, site: string, wish: Wish, now: number): number => {
  const progress = readProgress(files, site)
  const own = pairOfText(readText(files, pairOf(site)) ?? "")?.own
  const sound =
    own !== undefined &&
    progress.issued?.fingerprint === own.fingerprint256 &&
    progress.issued.directory === wish.directory &&
    uncovered(own, wish.names).length === 0
  const sameNames = progress.failures.at(-1)?.names === namesKey(wish.names)
  return Math.max(
    sound && progress.order === undefined ? renewalOf(site, own) : 0,
    sameNames ? (progress.retryAtMillis ?? 0) : 0,
    quietUntil(files, wish.directory, now),
  )
}

/** How long the server wants to be left alone, in milliseconds; a week at the most. */
const waitOf = (failure: AcmeFailure | ResourceFailure, now: number): number => {
  if (!(failure instanceof AcmeFailure)) return 0
  const { retryAfterMillis = 0, retryAtMillis = now } = failure
  return Math.min(Math.max(retryAfterMillis, retryAtMillis - now, 0), 7 * 86_400_000)
}

/** One try for one site; what became of it is in its progress. */
export const attend = Effect.fnUntraced(function* (site: string, wish: Wish) {
  // Since it was its turn, others have ordered, and heard from the server.
  const begun = yield* Clock.currentTimeMillis
  if ((yield* attempt(({ files }) => dueAt(files, site, wish, begun))) > begun) return
  const failure = yield* pursue(site, wish).pipe(
    Effect.catch((failed) => Effect.succeed(failed)),
    Effect.catchDefect((defect) => Effect.succeed(new AcmeFailure({ reason: "OrderFailed", message: String(defect) }))),
  )
  if (failure === "issued") return yield* Effect.logInfo(`The certificate of ${site} is there.`)
  if (failure === "unwanted") return yield* Effect.logInfo(`The certificate of ${site} is not wanted any more.`)
  const now = yield* Clock.currentTimeMillis
  const patience = yield* Patience
  const { status, type } = failure instanceof AcmeFailure ? failure : {}
  if (type === "accountDoesNotExist") yield* forgetUrl(wish.directory)
  const wait = waitOf(failure, now)
  // What is said of the server itself, of the account or of this address holds for all sites.
  const ofAll = status === 503 || (status === 429 && !isOfNames(failure.message, wish.names))
  if (wait > 0 && ofAll) yield* quiet(wish.directory, now + wait)
  if (type === "invalid" || failure.reason === "KeyLost") yield* drop(site)
  const names = namesKey(wish.names)
  const until = yield* whileWanted(site, wish, (files) => {
    const { step: _, ...progress } = readProgress(files, site)
    const one = { atMillis: now, names, reason: failure.reason, message: failure.message }
    const failures = [...progress.failures.filter((each) => each.names === names), one].slice(-keptFailures)
    const retryAtMillis = Math.max(retryAt(failures, patience, now), now + wait)
    writeProgress(files, site, { ...progress, failures, retryAtMillis })
    return retryAtMillis
  })
  yield* Effect.logWarning(
    `The certificate of ${site} was not issued: ${failure.reason}: ${failure.message} Again in ${Math.round((until - now) / 1000)} s.`,
  )
})

/** Never ends. */
export const issuer: Effect.Effect<never, never, Host> = Effect.scoped(
  Effect.gen(function* () {
    const stirred = Latch.makeUnsafe(true)
    const turns = Semaphore.makeUnsafe(atOnce)
    const busy = new Map<string, Fiber.Fiber<void>>()
    yield* Effect.acquireRelease(
      attempt(({ files }) =>
        fs.watch(files.real(acmeWishesFolder), () => stirred.openUnsafe()).on("error", () => undefined),
      ),
      (watcher) => Effect.sync(() => watcher.close()),
    ).pipe(Effect.catch((failure) => Effect.logDebug(`Wishes for certificates are not watched: ${failure.message}`)))

    const round = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const wishes = yield* attempt(({ files }) =>
        files.list(acmeWishesFolder).flatMap((file) => {
          const site = file.replace(/\.json$/, "")
          const wish = site === file || busy.has(site) ? undefined : readWish(files, site)
          return wish === undefined ? [] : [{ site, wish, due: dueAt(files, site, wish, now) }]
        }),
      )
      for (const { due, site, wish } of wishes) {
        if (due > now) continue
        const work = attend(site, wish).pipe(
          turns.withPermits(1),
          Effect.catchTag("Unwanted", () => Effect.void),
          Effect.catch((failure) => Effect.logWarning(`The certificate of ${site}: ${failure.message}`)),
          Effect.ensuring(
            Effect.sync(() => {
              busy.delete(site)
              stirred.openUnsafe()
            }),
          ),
        )
        busy.set(site, yield* Effect.forkScoped(work))
      }
      return Math.min(...wishes.map(({ due }) => (due > now ? due - now : Number.POSITIVE_INFINITY)))
    }).pipe(
      Effect.catch((failure) =>
        Effect.as(Effect.logWarning(`Wishes for certificates could not be read: ${failure.message}`), 60_000),
      ),
    )

    return yield* Effect.forever(
      Effect.gen(function* () {
        stirred.closeUnsafe()
        const next = yield* round
        yield* Effect.timeoutOption(stirred.await, Math.max(250, Math.min(next, 600_000)))
        // A wish is written in several steps.
        yield* Effect.sleep("50 millis")
      }),
    )
  }),
)
