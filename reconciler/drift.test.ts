import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { FieldDiff } from "./contract/resource.ts"
import { unified } from "./drift.ts"
import { failure, following, textOf } from "./fixture/note.ts"
import { until } from "./fixture/until.ts"
import { inWorld } from "./fixture/world.ts"
import type { Pause } from "./policy.ts"

const pause = (change: Partial<Pause> = {}): Pause => ({
  id: "1",
  kind: undefined,
  name: undefined,
  mode: "pause",
  actor: "ops",
  reason: "a move",
  untilMillis: undefined,
  ...change,
})

describe("drift", () => {
  it.live("on a watched file is healed within a second, shown as a diff, and what was edited is kept", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1", two: "2" } })
        yield* agent.settled
        writeFileSync(`${root}/notes/foreign`, "x")
        writeFileSync(`${root}/notes/one`, "edited by hand\n")
        yield* until(() => store.drift.length > 0)
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        const [row, ...others] = store.drift
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(
          [row?.record, row?.resourceKey, row?.driftKind, row?.stream, row?.outcome],
          ["Note/a", "path:/notes/one", "changed", "corrective", "healed"],
        )
        assert.include(row?.diff ?? "", "-1\n+edited by hand\n")
        assert.isString(row?.author.changedAt)
        assert.strictEqual(textOf(root, (row?.keptCopy ?? "/") as "/"), "edited by hand\n")
        assert.strictEqual(textOf(root, "/notes/foreign"), "x")
      }),
    ),
  )

  it.live("is healed when the thing is as it was, also while what it activates does not succeed yet", () =>
    inWorld(({ root, store, activator, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" }, activates: true })
        yield* agent.settled
        activator.refuse = failure("NginxBroken", "retry")
        rmSync(`${root}/notes/one`)
        yield* until(() => store.drift.length > 0)
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.deepStrictEqual(
          store.drift.map(({ resourceKey, outcome }) => [resourceKey, outcome]),
          [["path:/notes/one", "healed"]],
        )
        yield* until(() => store.statuses.get("Note/a")?.conditions[1]?.reason === "NginxBroken")
        activator.refuse = undefined
        yield* until(() => store.statuses.get("Note/a")?.conditions[0]?.status === "True")
        assert.lengthOf(store.drift, 1)
      }),
    ),
  )

  it.live("without a hint is found by the sweep, which counts it", () =>
    inWorld(({ root, store, boot }) =>
      Effect.gen(function* () {
        const agent = yield* boot()
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.desire.relist("edit")
        yield* agent.settled
        agent.engine.fingerprints.forget("Note/a")
        agent.engine.suspects.add("Note/a")
        agent.queue.add("Note/a", "drift")
        yield* agent.settled
        rmSync(`${root}/notes/one`)
        yield* agent.sweep
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.deepStrictEqual([store.beats.at(-1)?.drifted, store.beats.at(-1)?.resources], [1, 1])
        assert.strictEqual(store.drift[0]?.driftKind, "missing")
      }),
    ),
  )

  it.live("that happened while no agent ran is drift, and a changed spec is none", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const agent = yield* start()
            yield* store.put("a", { files: { one: "1" } })
            yield* store.put("b", { files: { two: "2" } })
            yield* agent.settled
          }),
        )
        writeFileSync(`${root}/notes/one`, "edited")
        yield* store.put("b", { files: { two: "3" } })
        const agent = yield* start()
        yield* agent.settled
        assert.deepStrictEqual([textOf(root, "/notes/one"), textOf(root, "/notes/two")], ["1\n", "3\n"])
        assert.deepStrictEqual(
          store.drift.map((row) => [row.resourceKey, row.stream]),
          [["path:/notes/one", "corrective"]],
        )
      }),
    ),
  )

  it.live("beside a change of the same record is told apart from it", () =>
    inWorld(({ root, store, boot }) =>
      Effect.gen(function* () {
        const agent = yield* boot()
        yield* store.put("a", { files: { one: "1", two: "2" } })
        yield* agent.desire.relist("edit")
        yield* agent.settled
        chmodSync(`${root}/notes`, 0o755)
        writeFileSync(`${root}/notes/one`, "edited")
        yield* store.put("a", { files: { one: "1", two: "new" } })
        yield* agent.desire.relist("edit")
        yield* agent.settled
        assert.deepStrictEqual(
          store.drift.map((row) => row.resourceKey),
          ["path:/notes/one"],
        )
      }),
    ),
  )

  it.live("in observe mode is found and not healed: one row a finding, whatever the number of sweeps and agents", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const agent = yield* start()
            yield* store.put("a", { files: { one: "1" } })
            yield* agent.settled
            yield* store.setPauses([pause({ mode: "observe" })])
            yield* agent.settled
            writeFileSync(`${root}/notes/one`, "edited")
            yield* until(() => store.drift.length > 0)
            for (let i = 0; i < 3; i++) yield* agent.sweep
            agent.engine.suspects.add("Note/a")
            agent.queue.add("Note/a", "edit")
            yield* agent.settled
          }),
        )
        const agent = yield* start()
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "edited")
        assert.deepStrictEqual(
          store.drift.map((row) => [row.stream, row.outcome]),
          [["corrective", "reported"]],
        )
        assert.deepStrictEqual([store.condition("a")?.status, store.condition("a")?.reason], ["False", "Drifted"])
        assert.strictEqual(store.beats.at(-1)?.drifted, 1)
        writeFileSync(`${root}/notes/one`, "edited again")
        yield* until(() => store.drift.length === 2)
        yield* store.setPauses([])
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n", "the pause over, it is healed")
      }),
    ),
  )

  it.live("of a record that does not heal itself is reported, and its changes are still made", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        const annotations = { "plumbline.dev/self-heal": "false" }
        yield* store.put("a", { files: { one: "1" } }, { annotations })
        yield* agent.settled
        writeFileSync(`${root}/notes/one`, "edited")
        yield* until(() => store.condition("a")?.reason === "Drifted")
        assert.strictEqual(textOf(root, "/notes/one"), "edited")
        yield* store.put("a", { files: { one: "2" } }, { annotations })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "2\n")
      }),
    ),
  )

  it.live("a paused record is not even looked at, and says who paused it and why", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.setPauses([pause({ kind: "Note", name: "a" })])
        yield* store.put("a", { files: { one: "1" } })
        yield* store.put("b", { files: { two: "2" } })
        yield* agent.settled
        assert.deepStrictEqual(readdirSync(`${root}/notes`), ["two"])
        assert.include(store.condition("a")?.message ?? "", "Paused by ops until resumed: a move")
        yield* store.setPauses([])
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
      }),
    ),
  )

  it.live("that comes back three times is a fight: stopped, named, and taken up again after a resume", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        for (let round = 1; round <= 3; round++) {
          writeFileSync(`${root}/notes/one`, `other writer ${round}`)
          yield* until(() => store.drift.length === round)
          yield* agent.settled
          assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        }
        writeFileSync(`${root}/notes/one`, "other writer 4")
        yield* until(() => store.condition("a", "Stalled")?.reason === "Fought")
        yield* agent.sweep
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "other writer 4")
        assert.include(store.condition("a", "Stalled")?.message ?? "", "path:/notes/one")
        assert.deepStrictEqual(
          store.drift.map((row) => row.outcome),
          ["healed", "healed", "healed", "fought"],
        )
        yield* store.setPauses([pause({ kind: "Note", name: "a" })])
        yield* agent.settled
        yield* store.setPauses([])
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.strictEqual(store.condition("a")?.status, "True")
      }),
    ),
  )

  it.live("is none where a difference comes of another change: it is mended every time, and never a fight", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        for (let round = 1; round <= 5; round++) {
          writeFileSync(`${root}/notes/one`, following)
          yield* until(() => textOf(root, "/notes/one") === "1\n")
          yield* agent.settled
        }
        assert.deepStrictEqual(store.drift, [])
        assert.strictEqual(store.condition("a")?.status, "True")
        writeFileSync(`${root}/notes/one`, "of somebody's")
        yield* until(() => store.drift.length > 0)
        assert.deepStrictEqual(
          store.drift.map((row) => row.outcome),
          ["healed"],
        )
      }),
    ),
  )

  it.live("in a folder that was thrown away with everything in it is healed, and watched again", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        rmSync(`${root}/notes`, { recursive: true })
        yield* until(() => textOf(root, "/notes/one") === "1\n")
        yield* agent.settled
        yield* until(() => agent.engine.suspects.size === 0)
        for (let round = 0; !store.drift.some((row) => row.diff.includes("+again")); round++) {
          yield* agent.settled
          writeFileSync(`${root}/notes/one`, `again ${round}`)
          yield* Effect.sleep(50)
        }
      }),
    ),
  )

  it.live("of a secret is shown without it", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "hunter2" }, secret: true })
        yield* agent.settled
        writeFileSync(`${root}/notes/one`, "hunter3\n")
        yield* until(() => store.drift.length > 0)
        const row = JSON.stringify(store.drift)
        assert.notInclude(row, "hunter")
        assert.include(store.drift[0]?.diff ?? "", "(hidden, differs)")
      }),
    ),
  )

  it("a unified diff shows texts by lines and everything else as a line", () => {
    const diffs: ReadonlyArray<FieldDiff> = [
      { field: "mode", want: "0644", have: "0600", kind: "changed" },
      { field: "content", want: "a\nb\nc\n", have: "a\nB\nc\n", kind: "changed" },
    ]
    assert.strictEqual(
      unified("path:/x", diffs),
      [
        "--- path:/x (wanted)",
        "+++ path:/x (found)",
        "-mode: 0644",
        "+mode: 0600",
        "--- path:/x (content, wanted)",
        "+++ path:/x (content, found)",
        "@@ -1,3 +1,3 @@",
        " a",
        "-b",
        "+B",
        " c",
        "",
      ].join("\n"),
    )
  })
})
