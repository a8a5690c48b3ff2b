import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { examine } from "./examine.ts"
import { decodeEnvelope, type Envelope, encodeEnvelope, keptOf, secretsOf } from "./kinds.ts"
import {
  bindingOf,
  decryptFile,
  encryptFile,
  makeKeyPair,
  parseKeyFile,
  parseRecipient,
  printKeyFile,
  seal,
  sealCollection,
  unseal,
  unsealCollection,
} from "./sealing.ts"
import { keepingSecrets, plainOf, StillSealed, valueAt, withValueAt } from "./secret.ts"

const run = Effect.runPromise
const verifier = `*${"0A".repeat(20)}`
const crypt = `$2y$05$${"v".repeat(53)}`

/** A record of each kind that has secrets, with a secret in each of its places. */
const records = {
  Account: { access: { shell: "sftp", passwordVerifier: `$6$saltsalt$${"x".repeat(86)}` } },
  CronJob: { account: "acme", schedule: "@daily", command: "true", secrets: { TOKEN: "correct horse battery" } },
  Database: { account: "acme", users: [{ name: "shop", passwordVerifier: verifier }] },
  Site: {
    account: "acme",
    domains: ["shop.example.org"],
    protect: [{ path: "/admin", users: [{ name: "editor", verifier: crypt }] }],
  },
} as const

const recordOf = (kind: string, spec: unknown) => ({
  apiVersion: "plumbline.dev/v1",
  kind,
  metadata: { name: "shop" },
  spec,
})
const decode = (record: unknown): Envelope => Result.getOrThrow(decodeEnvelope(record))

describe("sealing", () => {
  const [web1, web2, stranger] = [makeKeyPair(), makeKeyPair(), makeKeyPair()]

  it("gives any text and any place back to each that it was sealed for, and to nobody else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (value, place) => {
        const payload = { for: place, value }
        const sealed = await run(seal([web1.recipient, web2.recipient], payload))
        expect(await run(unseal(web1.identity, sealed))).toEqual(payload)
        expect(await run(unseal(web2.identity, sealed))).toEqual(payload)
        expect(await run(Effect.flip(unseal(stranger.identity, sealed)))).toMatchObject({ reason: "other-key" })
      }),
      { numRuns: 25 },
    )
  })

  it("makes another text of the same value each time, and every one is a sealed value to a record", async () => {
    const payload = { for: "Database/shop#users/shop", value: verifier }
    const [one, two] = await run(Effect.all([seal([web1.recipient], payload), seal([web1.recipient], payload)]))
    expect(one).not.toEqual(two)
    const spec = withValueAt(records.Database, ["users", 0, "passwordVerifier"], one)
    expect(encodeEnvelope(decode(recordOf("Database", spec))).spec).toMatchObject({
      users: [{ passwordVerifier: one }],
    })
  })

  it("opens nothing of which a byte was changed, and says no word of it", async () => {
    const { sealed } = await run(seal([web1.recipient], { for: "a", value: "correct horse" }))
    const bytes = Buffer.from(sealed, "base64")
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const damaged = Buffer.from(bytes)
        damaged[place] = (damaged[place] ?? 0) ^ change
        const failure = await run(Effect.flip(unseal(web1.identity, { sealed: damaged.toString("base64") })))
        expect(JSON.stringify(failure)).not.toContain("correct horse")
      }),
      { numRuns: 40 },
    )
  })

  it("makes armoured files that give the text back, and reads them with or without armour", async () => {
    const file = await run(encryptFile([web1.recipient], "a\n".repeat(100_000)))
    expect(file).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    expect(await run(decryptFile(web1.identity, Buffer.from(file)))).toBe("a\n".repeat(100_000))
    expect(await run(Effect.flip(decryptFile(web2.identity, Buffer.from(file))))).toMatchObject({ reason: "other-key" })
    expect(await run(Effect.flip(decryptFile(web1.identity, Buffer.from("no file"))))).toMatchObject({
      reason: "damaged",
    })
  })

  it("reads the files of age-keygen, and takes nothing else for a key", () => {
    // The key pair of age's own tests (testkit, x25519).
    expect(
      parseKeyFile("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n")?.recipient,
    ).toBe("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")
    expect(parseKeyFile(printKeyFile(web1))).toEqual(web1)
    expect(parseKeyFile(`# created: 2031-04-05\n\n${printKeyFile(web1)}\n`)).toEqual(web1)
    for (const text of ["", web1.recipient, `${web1.identity}\n${web2.identity}`, `${web1.identity}x`])
      expect(parseKeyFile(text)).toBeUndefined()
  })
})

describe("a collection of secrets", () => {
  const key = makeKeyPair()

  it("gives all of them back to the one key, by their places", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.string({ unit: "binary" })), async (secrets) => {
        const payloads = Object.entries(secrets).map(([place, value]) => ({ for: place, value }))
        const file = await run(sealCollection([key.recipient], payloads))
        expect(await run(unsealCollection(key.identity, Buffer.from(file)))).toEqual(new Map(Object.entries(secrets)))
      }),
      { numRuns: 15 },
    )
    const other = await run(encryptFile([key.recipient], "something else"))
    expect(await run(Effect.flip(unsealCollection(key.identity, Buffer.from(other))))).toMatchObject({
      reason: "damaged",
    })
  })

  it("is for a key that a file holds alone", () => {
    expect(parseRecipient(`# for emergencies\n${key.recipient}\n`)).toBe(key.recipient)
    const mistyped = `${key.recipient.slice(0, -1)}${key.recipient.endsWith("q") ? "p" : "q"}`
    for (const text of ["", key.identity, mistyped, `${key.recipient}\n${key.recipient}`, "ssh-ed25519 AAAA"])
      expect(parseRecipient(text)).toBeUndefined()
  })
})

describe("secrets in specs", () => {
  it.each(Object.entries(records))("of a %s are all found, each with a name of its own", (kind, spec) => {
    const places = secretsOf(decode(recordOf(kind, spec)))
    expect(places.length).toBeGreaterThan(0)
    for (const { path } of places) expect(valueAt(spec, path)).toBeTypeOf("string")
    expect(new Set(places.map(({ label }) => label)).size).toBe(places.length)
    expect(bindingOf({ kind, name: "shop" }, "users/shop")).toBe(`${kind}/shop#users/shop`)
  })

  it.each(Object.entries(records))(
    "of a %s are not repeated by what is said of them, whatever they are",
    (kind, spec) => {
      const [place] = secretsOf(decode(recordOf(kind, spec)))
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string({ minLength: 4 }),
            fc.constantFrom("hunter2\u2028", "p\u0000q", "correct horse battery".repeat(9), "\u202Exyz"),
            fc.integer({ min: 100_000 }),
            fc.record({ sealed: fc.constantFrom("correct horse", "Y29ycmVjdCBob3JzZQ==") }),
            fc.constant(["correct horse"]),
            fc.constant({ value: "correct horse" }),
          ),
          (value) => {
            const examined = examine(recordOf(kind, withValueAt(spec, place?.path ?? [], value)))
            if (Result.isSuccess(examined)) return
            const said = examined.failure.map(({ message, mend }) => `${message} ${mend}`).join("\n")
            const told = typeof value === "object" ? "correct horse" : String(value).slice(0, 50)
            // A few words of ours may be what somebody takes for a password.
            if (typeof value !== "string" || value.length > 8) expect(said).not.toContain(told)
            expect(examined.failure[0]?.field).toMatch(/erifier|TOKEN/)
          },
        ),
      )
    },
  )

  it("are plain or are not given out", () => {
    expect(plainOf("x")).toBe("x")
    expect(() => plainOf({ sealed: "x" })).toThrow(StillSealed)
  })

  it("are kept by their labels, wherever they stand now", () => {
    const place = (index: number, label: string) => ({ path: ["list", index, "secret"], label })
    const before = { list: [{ secret: "a" }, { secret: "b" }] }
    const written = { list: [{}, { secret: "new" }, {}] }
    expect(
      keepingSecrets(written, [place(0, "b"), place(1, "a"), place(2, "c")], before, [place(0, "a"), place(1, "b")]),
    ).toEqual({ list: [{ secret: "b" }, { secret: "new" }, {}] })
  })
})

describe("secrets of a cron job", () => {
  const job = (spec: object) => recordOf("CronJob", { account: "acme", schedule: "@daily", command: "true", ...spec })
  const encoded = (spec: object) => encodeEnvelope(decode(job(spec))).spec
  const before = encoded({ secrets: { A: "first", B: "second" }, runNow: "2031-04-05T18:00:00.000Z" })
  const kept = (spec: object) => {
    const written = job(spec)
    return keptOf("CronJob", encoded(spec), secretsOf(decode(written)), decode(recordOf("CronJob", before)), before)
  }

  it("stay where none are given, and go with the list that leaves them out", () => {
    expect(kept({})).toMatchObject({ secrets: { A: "first", B: "second" }, runNow: "2031-04-05T18:00:00.000Z" })
    expect(kept({ secrets: { B: "another" } })).toMatchObject({ secrets: { B: "another" } })
    expect(kept({ secrets: { B: "another" } })).not.toHaveProperty("secrets.A")
    expect(kept({ secrets: {} })).toMatchObject({ secrets: {} })
  })

  it("are not those that the environment has, given or kept", () => {
    expect(kept({ environment: { A: "plain" } })).toMatchObject({
      environment: { A: "plain" },
      secrets: { B: "second" },
    })
    const examined = examine(job({ environment: { A: "x" }, secrets: { A: "y" } }))
    expect(Result.isFailure(examined) ? examined.failure[0] : undefined).toMatchObject({ field: "spec.secrets.A" })
  })
})
