// What the types behind SSH promise beyond the laws: strangers' keys go, a bad text never reaches sshd, lines in somebody
// else's file leave the rest alone.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { ResourceFailure } from "../contract/resource.ts"
import { Host, type HostShape } from "../host/host.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import type { SshdVerdict } from "../host/sshd.ts"
import { type BlockSpec, blockType } from "./block.ts"
import { directoryType } from "./directory.ts"
import { keyFolderType } from "./key-folder.ts"
import { type SshdDropInSpec, sshdDropInType } from "./sshd-drop-in.ts"

const root755 = { owner: "root", group: "root", mode: 0o755 }
const folders = (...paths: ReadonlyArray<string>) =>
  Effect.forEach(paths, (path) => directoryType.apply(path, root755, undefined, "r1"), { discard: true })

describe("a folder of keys", () => {
  const id = "/etc/plumbline/ssh/keys/acme"

  it("takes away what no record has claimed, keeps its text, and leaves what one has", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* folders("/etc/plumbline", "/etc/plumbline/ssh", "/etc/plumbline/ssh/keys", id)
        const { claims } = yield* Host
        claims.isClaimed = (key) => key === `path:${id}/laptop.pub`
        fs.writeFileSync(`${root}${id}/laptop.pub`, "ssh-ed25519 AAAA ada\n")
        fs.writeFileSync(`${root}${id}/mallory.pub`, "ssh-ed25519 AAAA mallory\n")
        const seen = yield* keyFolderType.observe(id, root755)
        expect(keyFolderType.diff(root755, seen)).toEqual([
          { field: "entry mallory.pub", want: "absent", have: "present", kind: "extra" },
        ])
        yield* keyFolderType.apply(id, root755, seen, "r1")
        expect(fs.readdirSync(`${root}${id}`)).toEqual(["laptop.pub"])
        const kept = `${root}/var/lib/plumbline/kept`
        expect(fs.readdirSync(kept).map((name) => fs.readFileSync(`${kept}/${name}`, "utf8"))).toEqual([
          "ssh-ed25519 AAAA mallory\n",
        ])
      }),
    ))
})

describe("sshd's drop-in", () => {
  const id = "/etc/ssh/sshd_config.d/00-plumbline.conf"
  const spec: SshdDropInSpec = {
    content: "# ours\n",
    policies: [{ group: "plumb-sftp", settings: { forcecommand: "x" } }],
  }
  const ok: SshdVerdict = { ok: true }
  const bad: SshdVerdict = { ok: false, message: "line 1: Bad configuration option: nonsense" }

  /** An sshd of the test's own: what it says of a file alone, with ours among all, and without ours. */
  const onSshd = (
    says: { readonly alone: SshdVerdict; readonly together: SshdVerdict; readonly without: SshdVerdict },
    effective: Readonly<Record<string, string>> | "refused",
    use: (root: string) => Effect.Effect<void, unknown, Host>,
  ) =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* folders("/etc/ssh", "/etc/ssh/sshd_config.d")
        const host = yield* Host
        yield* host.accounts.addGroup("plumb-sftp", 9901)
        yield* host.accounts.addGroup("acme", 20001)
        const acme = { name: "acme", uid: 20001, gid: 20001, comment: "", home: "/home/acme", shell: "/bin/false" }
        yield* host.accounts.addUser(acme)
        yield* host.accounts.changeUser("acme", { groups: ["plumb-sftp"] })
        const sshd: HostShape["sshd"] = {
          program: { path: "/usr/sbin/sshd", version: "9.2p1", sftpServer: null },
          test: (path) =>
            Effect.sync(() =>
              path !== undefined ? says.alone : fs.existsSync(`${root}${id}`) ? says.together : says.without,
            ),
          effective: () =>
            effective === "refused"
              ? Effect.fail(
                  new ResourceFailure({ reason: "X", message: "sshd -T: line 1", verdict: { kind: "retry" } }),
                )
              : Effect.succeed(new Map(Object.entries(effective))),
        }
        yield* use(root).pipe(Effect.provideService(Host, { ...host, sshd }))
      }),
    )
  const apply = Effect.flatMap(sshdDropInType.observe(id, spec), (seen) => sshdDropInType.apply(id, spec, seen, "r1"))
  const reasonOf = <A, E extends { readonly reason: string }, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.match(effect, { onFailure: ({ reason }) => reason, onSuccess: () => "none" })

  it("is not put in place when sshd refuses it alone", () =>
    onSshd({ alone: bad, together: ok, without: ok }, {}, (root) =>
      Effect.gen(function* () {
        expect(yield* reasonOf(apply)).toBe("SshdRefused")
        expect(fs.readdirSync(`${root}/etc/ssh/sshd_config.d`)).toEqual([])
      }),
    ))

  it("goes again when it is what makes sshd refuse the whole", () =>
    onSshd({ alone: ok, together: bad, without: ok }, {}, (root) =>
      Effect.gen(function* () {
        expect(yield* reasonOf(apply)).toBe("SshdRefused")
        expect(fs.readdirSync(`${root}/etc/ssh/sshd_config.d`)).toEqual([])
      }),
    ))

  it("stays when somebody else's file is to blame", () =>
    onSshd({ alone: ok, together: bad, without: bad }, { forcecommand: "x" }, (root) =>
      Effect.gen(function* () {
        expect(yield* reasonOf(apply)).toBe("none")
        expect(fs.readFileSync(`${root}${id}`, "utf8")).toBe("# ours\n")
      }),
    ))

  it("tells of somebody else's mistake as its own difference, so that what stands beside it is not held up", () =>
    onSshd({ alone: ok, together: bad, without: bad }, "refused", () =>
      Effect.gen(function* () {
        yield* apply
        expect(sshdDropInType.diff(spec, yield* sshdDropInType.observe(id, spec))).toMatchObject([
          { field: "configuration", kind: "runtime" },
        ])
        expect(yield* reasonOf(apply)).toBe("SshdRefused")
      }),
    ))

  it("is not in sync when something else overrules it, and says what", () =>
    onSshd({ alone: ok, together: ok, without: ok }, { forcecommand: "none" }, () =>
      Effect.gen(function* () {
        yield* apply
        expect(sshdDropInType.diff(spec, yield* sshdDropInType.observe(id, spec))).toEqual([
          { field: "forcecommand of plumb-sftp", want: "x", have: "none", kind: "runtime" },
        ])
        expect(yield* reasonOf(apply)).toBe("SshdOverruled")
      }),
    ))

  it("is not judged by what applies to somebody who leaves the group meanwhile", () =>
    onSshd({ alone: ok, together: ok, without: ok }, {}, () =>
      Effect.gen(function* () {
        yield* apply
        const host = yield* Host
        const leaves = Effect.as(host.accounts.changeUser("acme", { groups: [] }), new Map([["forcecommand", "none"]]))
        const sshd = { ...host.sshd, effective: () => leaves }
        const seen = sshdDropInType.observe(id, spec).pipe(Effect.provideService(Host, { ...host, sshd }))
        expect(sshdDropInType.diff(spec, yield* seen)).toEqual([])
      }),
    ))
})

describe("lines of ours in somebody else's file", () => {
  const path = "/etc/pam.d/sshd"
  const spec: BlockSpec = { content: "session optional plumb.so\n", before: "@include common-session" }
  const theirs = "# PAM\n@include common-auth\n@include common-session\nsession optional pam_motd.so"
  const onFile = (
    text: string,
    use: (read: () => string, write: (text: string) => void) => Effect.Effect<void, unknown, Host>,
  ) =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* folders("/etc/pam.d")
        fs.writeFileSync(`${root}${path}`, text, { mode: 0o640 })
        yield* use(
          () => fs.readFileSync(`${root}${path}`, "utf8"),
          (next) => fs.writeFileSync(`${root}${path}`, next),
        )
        expect(fs.statSync(`${root}${path}`).mode & 0o777).toBe(0o640)
      }),
    )
  const converge = Effect.flatMap(blockType.observe(path, spec), (seen) => blockType.apply(path, spec, seen, "r1"))
  const removal = { onDelete: "remove", recordId: "r1", record: "Node/a", retainUntil: "2030-01-01T00:00:00Z" } as const

  it("stand before the line that they are meant for, and leave every other byte when they go", () =>
    onFile(theirs, (read) =>
      Effect.gen(function* () {
        yield* converge
        expect(
          read()
            .split("\n")
            .map((line) => line.split(" ")[1]),
        ).toEqual([...["PAM", "common-auth", "BEGIN", "optional", "END", "common-session", "optional"]])
        yield* blockType.remove(path, removal)
        expect(read()).toBe(theirs)
      }),
    ))

  it.each([
    ["edited", (text: string) => text.replace("plumb.so", "other.so")],
    ["without their end", (text: string) => text.replace(/# END.*\n/, "")],
    ["without their beginning", (text: string) => text.replace(/# BEGIN.*\n.*plumb.*\n/, "")],
    [
      "there twice",
      (text: string) => text + text.slice(text.indexOf("# BEGIN"), text.indexOf("@include common-session")),
    ],
    [
      "elsewhere",
      (text: string) => text.replace("@include common-session\n", "").replace("# PAM", "@include common-session"),
    ],
  ])("are different when they are %s, and stand once and in place again", (_what, edit) =>
    onFile(`${theirs}\n`, (read, write) =>
      Effect.gen(function* () {
        yield* converge
        const once = read()
        write(edit(once))
        expect(blockType.diff(spec, yield* blockType.observe(path, spec))).not.toEqual([])
        yield* converge
        expect(blockType.diff(spec, yield* blockType.observe(path, spec))).toEqual([])
        expect(read().match(/BEGIN Plumbline|END Plumbline|plumb\.so/g)).toHaveLength(3)
      }),
    ),
  )

  it("of several records stand at the top by their names, before the one that has none, in whatever order they came", () =>
    onFile("theirs\n", (read) =>
      Effect.gen(function* () {
        const blocks = [
          [`${path}#wiki`, { content: "wiki # plumb\n" }],
          [path, { content: "everybody # plumb\n" }],
          [`${path}#shop`, { content: "shop # plumb\n" }],
        ] as const
        const seen = new Set<string>()
        for (const order of [
          [0, 1, 2],
          [1, 0, 2],
          [2, 1, 0],
          [0, 2, 1],
        ]) {
          // At once, as records are reconciled.
          yield* Effect.all(
            order.map((index) => {
              const [id, content] = blocks[index] ?? blocks[0]
              return Effect.flatMap(blockType.observe(id, content), (now) => blockType.apply(id, content, now, "r1"))
            }),
            { concurrency: "unbounded" },
          )
          for (const [id, content] of blocks)
            expect(blockType.diff(content, yield* blockType.observe(id, content))).toEqual([])
          seen.add(read())
          yield* blockType.remove(`${path}#shop`, removal)
          for (const [id, content] of blocks.slice(0, 2))
            expect(blockType.diff(content, yield* blockType.observe(id, content))).toEqual([])
          for (const [id] of blocks) yield* blockType.remove(id, removal)
          expect(read()).toBe("theirs\n")
        }
        expect([...seen].map((text) => text.replace(/^# .*\n/gm, ""))).toEqual([
          "shop # plumb\nwiki # plumb\neverybody # plumb\ntheirs\n",
        ])
      }),
    ))

  it.each([
    ["a stranger's line before all", (text: string) => `stranger\n${text}`],
    ["without an end", (text: string) => text.replace("# END Plumbline shop\n", "")],
    [
      "the other way round",
      (text: string) =>
        text.replace(/^(# BEGIN Plumbline shop.*?# END Plumbline shop\n)(.*?# END Plumbline wiki\n)/s, "$2$1"),
    ],
  ])("of several records stand so again: %s", (_what, edit) =>
    onFile("theirs\n", (read, write) =>
      Effect.gen(function* () {
        const blocks = ["wiki", "shop"].map((name) => [`${path}#${name}`, { content: `${name} # plumb\n` }] as const)
        const all = Effect.forEach(blocks, ([id, content]) =>
          Effect.flatMap(blockType.observe(id, content), (now) =>
            blockType.diff(content, now).length === 0 ? Effect.void : blockType.apply(id, content, now, "r1"),
          ),
        )
        yield* all
        const whole = read()
        write(edit(whole))
        expect(read()).not.toBe(whole)
        yield* all
        yield* all
        expect(read().replace("stranger\n", "")).toBe(whole)
      }),
    ),
  )
})
