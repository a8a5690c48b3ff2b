// What somebody does to the tree that nginx is tested with, told by a whole agent with the real types: it is found by the
// watch, and healed as anything else is.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { describe, expect, it } from "vitest"
import * as Activator from "./activations/activator.ts"
import * as Agent from "./agent.ts"
import type { Controller } from "./contract/controller.ts"
import { MemoryStore } from "./fixture/memory-store.ts"
import type { NoteSpec } from "./fixture/note.ts"
import { noteAgent } from "./fixture/note-agent.ts"
import { until } from "./fixture/until.ts"
import { directory } from "./host/directory.ts"
import { liveTree, nextTree } from "./host/nginx.ts"
import { scratchFolder } from "./host/scratch-host.ts"
import { resourceTypes } from "./resources/index.ts"
import { type NginxMember, nginxMember } from "./resources/nginx-member.ts"
import { DesiredState, type DriftRow } from "./store.ts"

/** A Note wants members of nginx's set. */
const members: Controller<NoteSpec> = {
  kind: "Note",
  render: ({ spec }) => ({
    outcome: "resources",
    resources: Object.entries(spec.files).map(([member, content]) =>
      nginxMember(member as NginxMember, { content }, { fields: ["spec.files"] }),
    ),
  }),
}

interface World {
  readonly live: string
  readonly next: string
  readonly kept: () => ReadonlyArray<string>
  /** What the agent says of it, once it has healed it. */
  readonly healed: (tamper: () => void) => Effect.Effect<DriftRow>
  readonly quiet: Effect.Effect<void>
  readonly agent: Agent.Agent
}

const onSet = <A>(use: (world: World) => Effect.Effect<A>): Promise<A> => {
  const folder = scratchFolder()
  for (const tree of [liveTree, nextTree])
    for (const name of ["php", "sites"]) fs.mkdirSync(`${folder.path}${tree}/${name}`, { recursive: true })
  const store = new MemoryStore()
  const host = directory(folder.path, { services: false })
  return Effect.gen(function* () {
    const { controllers: [, node] = [], ...options } = noteAgent()
    const agent = yield* Agent.make({
      ...options,
      types: resourceTypes,
      controllers: node === undefined ? [members] : [members, node],
    })
    yield* store.put("node", { files: { "nginx.conf": "include sites/*.conf;\n" } })
    yield* store.put("shop", { files: { "sites/shop.conf": "server {}\n" } })
    yield* Effect.forkScoped(agent.run(Effect.void))
    yield* until(() => store.listened)
    yield* agent.settled
    const healed: World["healed"] = (tamper) =>
      Effect.gen(function* () {
        const before = store.drift.length
        tamper()
        yield* until(() => store.drift.length > before)
        yield* agent.settled
        const [row, ...others] = store.drift.slice(before)
        expect(others).toEqual([])
        expect(row?.outcome).toBe("healed")
        return row as DriftRow
      })
    const keptFolder = `${folder.path}/var/lib/plumbline/kept`
    return yield* use({
      live: folder.path + liveTree,
      next: folder.path + nextTree,
      kept: () => fs.readdirSync(keptFolder).map((name) => fs.readFileSync(`${keptFolder}/${name}`, "utf8")),
      healed,
      quiet: agent.settled,
      agent,
    })
  }).pipe(
    Effect.provideService(DesiredState, store.shape),
    Effect.provide(Layer.provideMerge(Activator.layer(), host)),
    Effect.scoped,
    Effect.provide(Logger.layer([])),
    Effect.ensuring(Effect.sync(() => folder[Symbol.dispose]())),
    Effect.orDie,
    Effect.runPromise,
  )
}

const inode = (path: string) => fs.statSync(path).ino

describe("a member in the tree that is tested", () => {
  const moved = (path: string, make: (beside: string) => void) => {
    make(`${path}.new`)
    fs.renameSync(`${path}.new`, path)
  }
  const instead = (path: string, make: () => void) => {
    fs.rmSync(path)
    make()
  }
  const ways: ReadonlyArray<readonly [string, (path: string) => void]> = [
    ["replaced", (path) => moved(path, (beside) => fs.writeFileSync(beside, "nonsense;\n"))],
    ["copied", (path) => moved(path, (beside) => fs.copyFileSync(path, beside))],
    ["removed", (path) => fs.rmSync(path)],
    ["made a link", (path) => instead(path, () => fs.symlinkSync("/etc/passwd", path))],
    ["made a folder", (path) => instead(path, () => fs.mkdirSync(`${path}/inside`, { recursive: true }))],
  ]
  it.each(ways)("that was %s is found, and linked to what is live again", (_, tamper) =>
    onSet(({ live, next, healed }) =>
      Effect.gen(function* () {
        for (const member of ["sites/shop.conf", "nginx.conf"]) {
          const before = inode(`${live}/${member}`)
          const row = yield* healed(() => tamper(`${next}/${member}`))
          expect(row).toMatchObject({ resourceKey: `path:/etc/plumbline/nginx/live/${member}` })
          expect(row.fields.map(({ field }) => field)).toEqual(["staged"])
          expect([inode(`${live}/${member}`), inode(`${next}/${member}`)]).toEqual([before, before])
        }
      }),
    ),
  )

  it("that was edited is shown as a diff, and the text is kept", () =>
    onSet(({ next, kept, healed }) =>
      Effect.gen(function* () {
        const row = yield* healed(() => {
          fs.writeFileSync(`${next}/sites/new`, "server { nonsense; }\n")
          fs.renameSync(`${next}/sites/new`, `${next}/sites/shop.conf`)
        })
        expect(row.diff).toContain("-server {}\n+server { nonsense; }\n")
        expect(kept()).toEqual(["server { nonsense; }\n"])
      }),
    ))

  it.each(["sites/planted.conf", "php/planted.conf", "planted"])("that nobody put there goes: %s", (member) =>
    onSet(({ live, next, kept, healed }) =>
      Effect.gen(function* () {
        const before = inode(`${live}/nginx.conf`)
        const row = yield* healed(() => fs.writeFileSync(`${next}/${member}`, "planted;\n"))
        expect(row).toMatchObject({ record: "Note/node", driftKind: "extra" })
        expect(row.fields.map(({ field }) => field)).toEqual([`staged ${member}`])
        expect(fs.existsSync(`${next}/${member}`)).toBe(false)
        expect(kept()).toEqual(["planted;\n"])
        expect(inode(`${live}/nginx.conf`)).toBe(before)
      }),
    ),
  )

  it("is no stranger's when somebody took the live one away, whoever is looked at first", () =>
    onSet(({ live, next, agent, healed }) =>
      Effect.gen(function* () {
        const row = yield* healed(() => {
          fs.rmSync(`${live}/sites/shop.conf`)
          agent.engine.suspects.add("Note/node")
          agent.queue.add("Note/node", "edit")
        })
        expect(row).toMatchObject({ record: "Note/shop", driftKind: "missing" })
        expect(inode(`${next}/sites/shop.conf`)).toBe(inode(`${live}/sites/shop.conf`))
      }),
    ))

  it("is owned by its record under both names", () =>
    onSet(({ agent }) =>
      Effect.sync(() => {
        const owner = (tree: string) => agent.engine.inventory.ownerOf(`path:${tree}/sites/shop.conf`)
        expect([owner(liveTree), owner(nextTree)]).toEqual(["Note/shop", "Note/shop"])
      }),
    ))
})
