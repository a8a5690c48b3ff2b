// What every resource type promises, whatever it converges, of one wish. What it promises of two is in `histories.test.ts`.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { onScratchHost } from "../host/scratch-host.ts"
import { sideEffectCount } from "../host/side-effect.ts"
import { activate, converge, differences, examples, look, prepare, removal, typeOf } from "./examples.ts"
import { fileType } from "./file.ts"
import { resourceTypes } from "./index.ts"

const everything = (root: string): ReadonlyArray<string> =>
  fs.readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => {
    const { ino, mode, ctimeMs, mtimeMs } = fs.lstatSync(`${root}/${name}`)
    return [name, ino, mode, ctimeMs, mtimeMs].join(" ")
  })

describe.each(examples.map((resource) => [resource.kind, resource] as const))("a %s", (_, resource) => {
  it("is in sync once it was applied and activated", () =>
    onScratchHost(() =>
      Effect.gen(function* () {
        yield* prepare
        expect(yield* differences(resource)).not.toEqual([])
        yield* converge(resource)
        expect(yield* differences(resource)).toEqual([])
      }),
    ))

  it("changes nothing on the disk when it is applied again", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* prepare
        yield* converge(resource)
        const before = everything(root)
        const effects = sideEffectCount()
        yield* typeOf(resource).apply(resource.id, resource.spec, yield* look(resource), "r1")
        expect(everything(root)).toEqual(before)
        expect(sideEffectCount()).toBe(effects)
      }),
    ))

  it("is gone after it was removed, and says the same of it when it is removed again", () =>
    onScratchHost(() =>
      Effect.gen(function* () {
        yield* prepare
        yield* converge(resource)
        const first = yield* typeOf(resource).remove(resource.id, removal)
        for (let times = 0; times < 2; times++) {
          yield* activate(first)
          if (resource.kind !== "tenant-directory") expect(yield* look(resource)).toBeUndefined()
          expect(yield* typeOf(resource).remove(resource.id, removal)).toEqual(first)
        }
      }),
    ))

  it("stays when it is to be retained", () =>
    onScratchHost(() =>
      Effect.gen(function* () {
        yield* prepare
        yield* converge(resource)
        expect(yield* typeOf(resource).remove(resource.id, { ...removal, onDelete: "retain" })).toEqual([])
        expect(yield* differences(resource)).toEqual([])
      }),
    ))

  it("says the same difference twice, and touches nothing to say it", () =>
    onScratchHost(() =>
      Effect.gen(function* () {
        yield* prepare
        const effects = sideEffectCount()
        expect(yield* differences(resource)).toEqual(yield* differences(resource))
        expect(typeOf(resource).owns(resource.id, resource.spec)).toEqual(
          typeOf(resource).owns(resource.id, structuredClone(resource.spec)),
        )
        expect(sideEffectCount()).toBe(effects)
      }),
    ))
})

it("a unit's file that goes has systemd look again", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const remove = (path: string) => fileType.remove(path, removal)
      expect(yield* remove("/etc/systemd/system/plumb-echo@.service")).toEqual([{ kind: "daemon-reload" }])
      expect(yield* remove("/etc/example.conf")).toEqual([])
    }),
  ))

it("every type is held to the laws", () => {
  expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(resourceTypes.keys()))
})
