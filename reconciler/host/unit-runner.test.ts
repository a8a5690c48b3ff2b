// Programs of a directory host: without privileges, found again by the next agent, ended with an agent that ends in order.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { directory } from "./directory.ts"
import { Host } from "./host.ts"
import { startOf } from "./process.ts"
import { onScratchHost, scratchFolder } from "./scratch-host.ts"
import { unitRunner } from "./unit-runner.ts"

const name = "plumb-sleep@a\\x2db.service"
const unitFile = `[Service]
RuntimeDirectory=plumb-sleep/%I
RuntimeDirectoryMode=0711
ExecStart=/usr/bin/sleep 1000
ExecReload=/bin/kill -CONT $MAINPID
[Install]
WantedBy=multi-user.target
`
const put = (root: string, text = unitFile) => {
  fs.mkdirSync(`${root}/etc/systemd/system`, { recursive: true })
  fs.writeFileSync(`${root}/etc/systemd/system/plumb-sleep@.service`, text)
}
const pidOf = Effect.gen(function* () {
  const { systemd } = yield* Host
  return (yield* systemd.state(name)).pid ?? 0
})

describe("a unit of a directory host", () => {
  it("runs its program without a capability, in a runtime folder of its own", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        put(root)
        const { systemd } = yield* Host
        yield* systemd.start(name)
        const status = fs.readFileSync(`/proc/${yield* pidOf}/status`, "utf8")
        expect(status).toMatch(/CapEff:\t0+\n/)
        expect(fs.statSync(`${root}/run/plumb-sleep/a-b`).mode & 0o777).toBe(0o711)
        yield* systemd.reload(name)
        expect((yield* systemd.list).get(name)).toBe("loaded/active/running")
      }),
    ))

  it("gets a new process when it is restarted, and none when it is stopped", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        put(root)
        const { systemd } = yield* Host
        yield* systemd.start(name)
        const first = yield* pidOf
        yield* systemd.restart(name)
        const second = yield* pidOf
        expect(second).not.toBe(first)
        yield* systemd.stop(name)
        expect([startOf(first), startOf(second)]).toEqual([undefined, undefined])
        expect((yield* systemd.state(name)).active).toBe("inactive")
      }),
    ))

  it("has failed when its program ended by itself", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        put(root, unitFile.replace("/usr/bin/sleep 1000", "/usr/bin/false"))
        const { systemd } = yield* Host
        const failure = yield* Effect.flip(systemd.start(name))
        expect(failure.reason).toBe("UnitFailed")
        expect((yield* systemd.state(name)).active).toBe("failed")
      }),
    ))

  it("is only noted as active where this machine does not have its program", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        put(root, unitFile.replace("/usr/bin/sleep", "/nonexistent/program"))
        const { systemd } = yield* Host
        yield* systemd.start(name)
        expect(yield* systemd.state(name)).toMatchObject({ active: "active", pid: undefined })
      }),
    ))

  it("outlives a killed agent, is found by the next, and ends with it in order", async () => {
    using folder = scratchFolder()
    const root = fs.realpathSync(folder.path)
    put(root)
    const unit = new Map([["Service.ExecStart", ["/usr/bin/sleep 1000"]]])
    // An agent that is killed runs no finalizer: its runner alone is as much as it leaves behind.
    await Effect.runPromise(unitRunner(root).start(name, unit))
    const left = unitRunner(root).find(name)?.pid ?? 0
    const found = await Effect.runPromise(pidOf.pipe(Effect.provide(directory(root))))
    expect(found).toBe(left)
    expect(startOf(left)).toBeUndefined()
  })

  it("that is enabled is started with the host", async () => {
    using folder = scratchFolder()
    put(folder.path)
    await Effect.runPromise(
      Effect.flatMap(Host, ({ systemd }) => systemd.enable(name)).pipe(Effect.provide(directory(folder.path))),
    )
    const pid = await Effect.runPromise(pidOf.pipe(Effect.provide(directory(folder.path))))
    expect(pid).toBeGreaterThan(0)
    expect(startOf(pid)).toBeUndefined()
  })

  it("cannot start while it is masked, and can when it is unmasked", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        put(root)
        fs.symlinkSync("/dev/null", `${root}/etc/systemd/system/${name}`)
        const { systemd } = yield* Host
        expect((yield* systemd.state(name)).load).toBe("masked")
        expect((yield* Effect.flip(systemd.start(name))).reason).toBe("UnitNotFound")
        yield* systemd.unmask(name)
        yield* systemd.start(name)
        expect((yield* systemd.state(name)).active).toBe("active")
      }),
    ))
})
