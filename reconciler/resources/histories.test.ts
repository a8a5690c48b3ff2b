// What every resource type promises of two wishes for one thing: the way from one to the other is what the plan says, the way
// back undoes it, and no history shows afterwards. A type without two wishes here fails the last test.
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { authority } from "../../fixtures/acme/authority.ts"
import { pairText } from "../../spec/x509.ts"
import type { FieldDiff, Resource } from "../contract/resource.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { sideEffectCount } from "../host/side-effect.ts"
import { converge, differences, examples, look, prepare, removal, typeOf } from "./examples.ts"
import { resourceTypes } from "./index.ts"

const issuer = await authority()
const uploaded = async () => {
  const { chain, key } = await issuer.pair(["shop.example.org"])
  return { by: "upload", pair: pairText(chain, key) }
}

/** Examples that leave what is there as it is, field by field as something that does not. */
const firsts: Readonly<Record<string, object>> = { certificate: { source: await uploaded() } }

/** Those that are what they are once they are there, and why. */
const unchangeable: Readonly<Record<string, string>> = {
  "tenant-directory": "Once it is there it is the tenant's.",
  group: "Files belong to its number.",
  run: "What was run was run.",
  task: "What was done was done.",
}

/** What else each of the examples could be, field by field. */
const others: Readonly<Record<string, object>> = {
  file: { content: "b = 2\n", mode: 0o600 },
  directory: { mode: 0o750, group: "www-data" },
  symlink: { target: "/etc/another.conf" },
  user: { comment: "Another", shell: "/bin/sh", groups: [] },
  unit: { enabled: false },
  slice: { memoryMax: 134217728, cpuQuota: 100, tasksMax: 32, readBandwidth: 5_000_000 },
  quota: { disk: 2 ** 31, files: 20_000 },
  "packet-filter": { rules: 'table inet plumb_example {\n\tcomment "another"\n}\n' },
  "nginx-member": { content: "events { }\n" },
  block: { content: "session required pam_exec.so\n" },
  "key-folder": { mode: 0o755 },
  "ssh-key": { content: "ssh-ed25519 BBBB\n" },
  "sshd-drop-in": { content: "# another\n" },
  "sql-database": { characterSet: "latin1", collation: "latin1_swedish_ci" },
  "sql-user": { hosts: ["localhost"], verifier: `*${"0B".repeat(20)}`, privileges: ["ALL PRIVILEGES"] },
  "pg-database": { record: "Database/another" },
  "pg-role": {
    verifier: `SCRAM-SHA-256$4096:${"B".repeat(22)}==$${"B".repeat(43)}=:${"B".repeat(43)}=`,
    access: "read-only",
  },
  timer: { calendar: ["*-*-14 00:00:00 UTC"] },
  suspension: { suspended: false, rules: "" },
  certificate: { source: await uploaded() },
}

const pairs = examples.flatMap((example): ReadonlyArray<readonly [string, Resource, Resource]> => {
  const other = others[example.kind]
  if (other === undefined) return []
  const first = { ...example, spec: { ...(example.spec as object), ...firsts[example.kind] } }
  return [[example.kind, first, { ...first, spec: { ...first.spec, ...other } }]]
})

/** Everything that a look at the disk tells. Owners are written down there, the last word about each path holds. */
const stateOf = (root: string): ReadonlyArray<string> => {
  const lines = fs.readFileSync(`${root}/.plumbline-owners`, "utf8").split("\n")
  const owners = new Map(lines.filter((line) => line !== "").map((line) => [JSON.parse(line)[0], line]))
  return fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name !== ".plumbline-owners")
    .map((name) => {
      const path = `${root}/${name}`
      const stat = fs.lstatSync(path)
      const content = stat.isFile()
        ? fs.readFileSync(path, "latin1")
        : stat.isSymbolicLink()
          ? fs.readlinkSync(path)
          : ""
      return JSON.stringify([name, stat.mode, content, owners.get(`/${name}`)])
    })
    .toSorted()
}

/** A plan by its fields. What is not there is nothing, or a word for it. */
const plan = (list: ReadonlyArray<FieldDiff>) => new Map(list.map((one) => [one.field, one]))

describe.each(pairs)("a %s that becomes another, %#", (_, a, b) => {
  it("differs from the other", () =>
    onScratchHost(() =>
      Effect.gen(function* () {
        yield* prepare
        yield* converge(a)
        expect(yield* differences(b)).not.toEqual([])
      }),
    ))

  it("is changed in what the plan says, and in nothing else", () =>
    onScratchHost(() =>
      Effect.gen(function* () {
        yield* prepare
        yield* converge(a)
        const there = plan(yield* differences(b))
        yield* converge(b)
        expect(yield* differences(b)).toEqual([])
        const back = plan(yield* differences(a))
        expect([...back.keys()].toSorted()).toEqual([...there.keys()].toSorted())
        for (const [field, { have, secret }] of back)
          if (have !== null && secret !== true) expect([field, have]).toEqual([field, there.get(field)?.want])
      }),
    ))

  it("is itself again after the way back", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* prepare
        yield* converge(a)
        const before = stateOf(root)
        yield* converge(b)
        yield* converge(a)
        expect(yield* differences(a)).toEqual([])
        expect(stateOf(root)).toEqual(before)
      }),
    ))

  it("shows nothing of its history", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "gone"), { maxLength: 6 }), (history) =>
        onScratchHost((root) =>
          Effect.gen(function* () {
            yield* prepare
            yield* converge(a)
            const fresh = stateOf(root)
            for (const step of history)
              if (step === "gone") yield* typeOf(a).remove(a.id, removal)
              else yield* converge(step === "a" ? a : b)
            yield* converge(a)
            const effects = sideEffectCount()
            yield* typeOf(a).apply(a.id, a.spec, yield* look(a), "r1")
            expect(sideEffectCount()).toBe(effects)
            expect(stateOf(root)).toEqual(fresh)
          }),
        ),
      ),
      { numRuns: 8 },
    ))
})

it("every type has two wishes, or says why there is one", () => {
  expect([...Object.keys(others), ...Object.keys(unchangeable)].toSorted()).toEqual(
    [...resourceTypes.keys()].toSorted(),
  )
})
