// Applying in the order of the graph. What a failure holds up is left for the next pass; what does not depend on it goes on.

import * as Effect from "effect/Effect"
import type { HostKey } from "./contract/resource.ts"
import { ResourceFailure } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import { lookAt, printAll } from "./observe.ts"
import type { Failed } from "./outcome.ts"
import type { Looked, Wanted } from "./types.ts"

export interface Applied {
  readonly done: ReadonlyArray<Looked>
  readonly failed: ReadonlyArray<Failed>
}

export const applyInOrder = Effect.fnUntraced(function* (
  engine: Engine,
  recordId: string,
  order: ReadonlyArray<Wanted>,
  changes: ReadonlyArray<Looked>,
) {
  const toDo = new Map(changes.map((one) => [one.key, one]))
  const own = new Set(order.flatMap((one) => one.keys))
  const notReady = new Set<HostKey>()
  const done: Array<Looked> = []
  const failed: Array<Failed> = []
  for (const wanted of order) {
    const one = toDo.get(wanted.key)
    const before = wanted.resource.after.find(
      (key) => notReady.has(key) || (one !== undefined && !own.has(key) && !isInSync(engine, key)),
    )
    if (before !== undefined) {
      for (const key of wanted.keys) notReady.add(key)
      if (!own.has(before) && one !== undefined) failed.push({ key: wanted.key, failure: waitFor(before) })
      continue
    }
    if (one === undefined) continue
    const failure = yield* Effect.flip(one.type.apply(one.resource.id, one.resource.spec, one.seen, recordId)).pipe(
      Effect.orElseSucceed(() => undefined),
    )
    if (failure === undefined) done.push(one)
    else {
      failed.push({ key: one.key, failure })
      for (const key of one.keys) notReady.add(key)
    }
  }
  return { done, failed } satisfies Applied
})

/** An apply that did not take is a failure: whatever was changed is looked at once more. */
export const verify = Effect.fnUntraced(function* (
  engine: Engine,
  done: ReadonlyArray<Looked>,
  prints: Parameters<typeof printAll>[2],
) {
  const failed: Array<Failed> = []
  const seen = new Map<HostKey, unknown>()
  for (const one of done) {
    for (const path of one.type.watch(one.resource.id, one.resource.spec)) prints.delete(path)
    printAll(engine, one, prints)
    const after = yield* Effect.result(lookAt(one))
    if (after._tag === "Success") seen.set(one.key, after.success.seen)
    if (after._tag === "Failure") failed.push({ key: one.key, failure: after.failure })
    else if (after.success.diffs.length > 0) {
      const fields = after.success.diffs.map((diff) => diff.field).join(", ")
      failed.push({
        key: one.key,
        failure: new ResourceFailure({
          reason: "NotInSync",
          message: `It was applied, and still differs (${fields}).`,
          verdict: { kind: "retry" },
        }),
      })
    }
  }
  return { failed, seen }
})

/** Of a key that another record owns. */
export const isInSync = (engine: Engine, key: HostKey): boolean => {
  const owner = engine.inventory.ownerOf(key)
  return owner !== undefined && engine.standings.isInSync(owner, key)
}

const waitFor = (key: HostKey): ResourceFailure =>
  new ResourceFailure({
    reason: "WaitingForResource",
    message: `${key} is not in sync yet.`,
    verdict: { kind: "wait", key },
  })
