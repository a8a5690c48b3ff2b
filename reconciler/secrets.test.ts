import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type KeyPair, makeKeyPair, seal, unseal, unsealCollection } from "../spec/sealing.ts"
import { secret } from "../spec/secret.ts"
import { NoteSpec, noteKind, textOf } from "./fixture/note.ts"
import { inWorld, type World } from "./fixture/world.ts"
import { onScratchHost } from "./host/scratch-host.ts"
import { sealKey } from "./host/seal-key.ts"
import { kindSchemas } from "./kinds.ts"
import type { KindSchema } from "./records.ts"
import { answerSecretExports } from "./secret-exports.ts"
import { mask, type Open, openWith } from "./secrets.ts"

// Notes whose files are secrets, of lower-case letters.
const Secretive = Schema.Struct({
  ...NoteSpec.fields,
  files: Schema.Record(Schema.String, secret(Schema.String.check(Schema.isPattern(/^[a-z ]*$/)))),
})
const secretive: KindSchema = {
  ...noteKind,
  decode: (spec) => Result.mapError(Schema.decodeUnknownResult(Secretive)(spec), String),
  secrets: (spec) =>
    Object.keys((spec as NoteSpec).files).map((file) => ({ path: ["files", file], label: `files/${file}` })),
}

/** `opened` counts what was decrypted. */
const secretAgent = (world: World, key: KeyPair) => {
  const counted = { opened: 0 }
  const open: Open = (sealed) =>
    Effect.suspend(() => {
      counted.opened++
      return openWith(key.identity)(sealed)
    })
  const kinds = new Map([
    ["Note", secretive],
    ["Node", kindSchemas.get("Node") ?? secretive],
  ])
  return Effect.map(world.start({ kinds, open }), (agent) => ({ agent, counted }))
}

const sealedFor = (key: KeyPair, place: string, value: string) => seal([key.recipient], { for: place, value })

describe("secrets of records", () => {
  it.live("are opened for their place before anything is rendered, once", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const key = makeKeyPair()
        const { agent, counted } = yield* secretAgent(world, key)
        const one = yield* sealedFor(key, "Note/a#files/one", "correct horse")
        yield* world.store.put("a", { files: { one } })
        yield* world.store.put("plain", { files: { two: "as before" } })
        yield* agent.settled
        assert.strictEqual(textOf(world.root, "/notes/one"), "correct horse\n")
        assert.strictEqual(textOf(world.root, "/notes/two"), "as before\n")
        yield* agent.sweep
        yield* agent.desire.relist("edit")
        yield* world.store.put("a", { files: { one, three: "another" } })
        yield* agent.settled
        assert.strictEqual(textOf(world.root, "/notes/three"), "another\n")
        assert.strictEqual(counted.opened, 1)
      }),
    ),
  )

  it.live("that were copied to another place stall the record that has them, and nobody else", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const key = makeKeyPair()
        const { agent } = yield* secretAgent(world, key)
        const stolen = yield* sealedFor(key, "Note/a#files/one", "correct horse")
        yield* world.store.all([
          world.store.put("a", { files: { one: stolen } }),
          world.store.put("thief", { files: { loot: stolen } }),
        ])
        yield* agent.settled
        assert.strictEqual(textOf(world.root, "/notes/one"), "correct horse\n")
        assert.isFalse(existsSync(`${world.root}/notes/loot`))
        const stalled = world.store.condition("thief", "Stalled")
        assert.strictEqual(stalled?.reason, "SecretMisplaced")
        assert.include(stalled?.message, "files/loot is sealed for Note/a#files/one")
        assert.notInclude(JSON.stringify([...world.store.statuses.values()]), "correct horse")
      }),
    ),
  )

  it.live(
    "that this host cannot open leave everything as it is, until there are others; the record can go all the same",
    () =>
      inWorld((world) =>
        Effect.gen(function* () {
          const key = makeKeyPair()
          const { agent } = yield* secretAgent(world, key)
          yield* world.store.put("a", { files: { one: yield* sealedFor(key, "Note/a#files/one", "before") } })
          yield* agent.settled
          const other = makeKeyPair()
          yield* world.store.put("a", { files: { one: yield* sealedFor(other, "Note/a#files/one", "after") } })
          yield* world.store.put("needy", { files: { needed: "x" }, needs: "a" })
          yield* agent.settled
          assert.strictEqual(textOf(world.root, "/notes/one"), "before\n")
          const stalled = world.store.condition("a", "Stalled")
          assert.strictEqual(stalled?.reason, "SecretUnreadable")
          assert.include(stalled?.message, "plumb apply --secrets")
          // Whoever refers to it finds it there.
          assert.strictEqual(textOf(world.root, "/notes/needed"), "x with one\n")
          yield* world.store.delete("needy", true)
          yield* world.store.delete("a", true)
          yield* agent.settled
          assert.isFalse(existsSync(`${world.root}/notes/one`))
        }),
      ),
  )

  it.live("are held to the grammar of their field, and what is wrong is not repeated", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const key = makeKeyPair()
        const { agent } = yield* secretAgent(world, key)
        yield* world.store.put("a", { files: { one: yield* sealedFor(key, "Note/a#files/one", "NOT LOWER") } })
        yield* agent.settled
        assert.strictEqual(world.store.condition("a", "Stalled")?.reason, "SecretInvalid")
        assert.notInclude(JSON.stringify([...world.store.statuses.values()]), "NOT LOWER")
      }),
    ),
  )
})

describe("an export of secrets", () => {
  const exported = (world: World, recovery: string | undefined) =>
    Effect.gen(function* () {
      const key = makeKeyPair()
      if (recovery !== undefined) {
        mkdirSync(`${world.root}/etc/plumbline`, { recursive: true })
        writeFileSync(`${world.root}/etc/plumbline/recovery.pub`, recovery)
      }
      yield* world.store.put("a", { files: { one: yield* sealedFor(key, "Note/a#files/one", "correct horse") } })
      const closed = yield* sealedFor(makeKeyPair(), "Note/b#files/two", "another")
      const misplaced = yield* sealedFor(key, "Note/a#files/one", "correct horse")
      yield* world.store.put("b", { files: { two: closed, three: misplaced, four: "plain" } })
      const { agent } = yield* secretAgent(world, key)
      world.store.secretExports.set("asked", undefined)
      yield* answerSecretExports(agent.engine)
      return world.store.secretExports.get("asked")
    })

  it.live("is for the recovery key alone, and names what could not be opened", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const recovery = makeKeyPair()
        const answer = yield* exported(world, `${recovery.recipient}\n`)
        assert.deepInclude(answer, { secrets: 1, closed: ["Note/b#files/two", "Note/b#files/three"] })
        const file = Buffer.from(answer !== undefined && "file" in answer ? answer.file : "")
        const secrets = yield* unsealCollection(recovery.identity, file)
        assert.deepStrictEqual([...secrets], [["Note/a#files/one", "correct horse"]])
      }),
    ),
  )

  it.live("is refused, with what to do, where root has named no key", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const answer = yield* exported(world, undefined)
        assert.include(JSON.stringify(answer), "there is no /etc/plumbline/recovery.pub")
        assert.include(JSON.stringify(answer), "plumb recovery-key")
      }),
    ),
  )

  it.live("is refused where the file holds something else", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        assert.include(JSON.stringify(yield* exported(world, makeKeyPair().identity)), "does not hold one public key")
      }),
    ),
  )
})

describe("what a tool says", () => {
  it("is shown without the values of secrets", () => {
    assert.strictEqual(mask("near 'correct horse' at line 1", ["correct horse"]), "near '(hidden)' at line 1")
    assert.strictEqual(mask("a word", ["a"]), "a word")
  })
})

describe("the host's key for secrets", () => {
  it("is made once, for root alone, and is the same after a restart", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        const made = yield* sealKey
        assert.isDefined(made)
        assert.strictEqual(statSync(`${root}/var/lib/plumbline/keys`).mode & 0o777, 0o700)
        assert.strictEqual(statSync(`${root}/var/lib/plumbline/keys/seal.key`).mode & 0o777, 0o600)
        assert.deepStrictEqual(yield* sealKey, made)
        const sealed = yield* seal([made.recipient], { for: "x", value: "y" })
        assert.deepStrictEqual(yield* unseal(made.identity, sealed), { for: "x", value: "y" })
      }),
    ))

  it("is not replaced when its file is damaged", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        yield* sealKey
        writeFileSync(`${root}/var/lib/plumbline/keys/seal.key`, "damaged")
        assert.isUndefined(yield* sealKey)
        assert.isUndefined(yield* sealKey)
      }),
    ))
})
