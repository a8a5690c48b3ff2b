// What the agent keeps on the host for itself: what it owes, what it took away, what somebody had edited.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import type { Activation } from "../contract/resource.ts"
import { attempt } from "./host.ts"
import { keepCopy } from "./kept.ts"
import { listOwed, putOwed, settleOwed } from "./owed.ts"
import { onScratchHost } from "./scratch-host.ts"
import { sideEffectCount } from "./side-effect.ts"
import { acmeFolder, makeStateFolders } from "./state-folders.ts"
import { emptyTrash, listTrash, moveToTrash } from "./trash.ts"

const reload: Activation = { kind: "nginx", member: "sites/shop.conf" }
const start: Activation = { kind: "unit", name: "plumb-php8.2@acme.service", action: "start" }

it("what a record owes adds up until it is settled", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* putOwed("Site/shop", [reload])
      yield* putOwed("Site/shop", [start, reload])
      yield* putOwed("Php/acme", [start])
      const effects = sideEffectCount()
      yield* putOwed("Site/shop", [reload])
      expect(sideEffectCount()).toBe(effects)
      fs.writeFileSync(`${root}/var/lib/plumbline/owed/torn.json`, '{"record":"Site')
      const owed = [...(yield* listOwed)].sort((a, b) => a.record.localeCompare(b.record))
      expect(owed).toEqual([
        { record: "Php/acme", activations: [start] },
        { record: "Site/shop", activations: [reload, start] },
      ])
      yield* settleOwed("Site/shop")
      yield* settleOwed("Site/shop")
      expect((yield* listOwed).map(({ record }) => record)).toEqual(["Php/acme"])
    }),
  ))

it("a folder of the agent's that a crash left without its mode gets it with the next start", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const mode = () => fs.statSync(`${root}${acmeFolder}`).mode & 0o777
      fs.rmSync(`${root}${acmeFolder}`, { recursive: true, force: true })
      fs.mkdirSync(`${root}${acmeFolder}`, { mode: 0o700, recursive: true })
      yield* attempt(({ files }) => makeStateFolders(files))
      expect(mode()).toBe(0o711)
      const effects = sideEffectCount()
      yield* attempt(({ files }) => makeStateFolders(files))
      expect(sideEffectCount()).toBe(effects)
    }),
  ))

it("the trash is emptied of what has expired, and of nothing else", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const removal = { onDelete: "trash", recordId: "r1", record: "Account/acme" } as const
      const put = (path: "/home/old" | "/home/new" | "/etc/other", until: string) =>
        attempt(({ files }) => {
          files.makeDirectory(path, { owner: "root", group: "root", mode: 0o755 })
          files.write(`${path}/file`, "data", { owner: "root", group: "root", mode: 0o644 })
          moveToTrash(files, path, { ...removal, retainUntil: until }, "2026-01-01T00:00:00.000Z")
        })
      yield* put("/home/old", "2026-01-31T00:00:00.000Z")
      yield* put("/home/new", "2026-03-01T00:00:00.000Z")
      yield* put("/etc/other", "2026-03-01T00:00:00.000Z")
      expect((yield* listTrash).map(({ path }) => path).sort()).toEqual(["/etc/other", "/home/new", "/home/old"])
      const gone = yield* emptyTrash("2026-02-01T00:00:00.000Z")
      expect(gone.map(({ path }) => path)).toEqual(["/home/old"])
      expect((yield* listTrash).map(({ path }) => path).sort()).toEqual(["/etc/other", "/home/new"])
      expect(fs.readdirSync(`${root}/home/.plumbline-trash`)).toHaveLength(2)
    }),
  ))

it("a second home of the same record lies beside the first in the trash", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const removal = { onDelete: "trash", recordId: "r1", record: "Account/acme", retainUntil: "2030" } as const
      for (const when of ["2026-01-01", "2026-01-02"]) {
        yield* attempt(({ files }) => {
          files.makeDirectory("/home/acme", { owner: "root", group: "root", mode: 0o755 })
          moveToTrash(files, "/home/acme", removal, when)
        })
      }
      expect((yield* listTrash).map(({ when }) => when).sort()).toEqual(["2026-01-01", "2026-01-02"])
    }),
  ))

it("an edited text is kept once, readable by root alone", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const path = yield* keepCopy("path:/etc/a", "edited", "2026-01-01T00:00:00.000Z")
      expect(yield* keepCopy("path:/etc/a", "edited", "2026-01-02T00:00:00.000Z")).toBe(path)
      expect(fs.readFileSync(root + path, "utf8")).toBe("edited")
      expect(fs.statSync(root + path).mode & 0o777).toBe(0o600)
    }),
  ))
