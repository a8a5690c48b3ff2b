import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { decodeEnvelope, type Envelope } from "./kinds.ts"
import { type Change, validateSet } from "./validate-set.ts"

const make = (kind: string, name: string, spec: object): Envelope =>
  Result.getOrThrow(decodeEnvelope({ apiVersion: "plumbline.dev/v1", kind, metadata: { name }, spec }))

const database = (name: string, account = "acme") => make("Database", name, { account })
const small = make("Package", "small", { limits: { databases: 2, cronJobs: 1 } })
const acme = make("Account", "acme", { package: "small" })
const fern = make("Account", "fern", {})

const said = (change: Change): ReadonlyArray<string> =>
  validateSet(change).map(({ index, field, message, mend }) => `${index} ${field}: ${message} ${mend}`)

const tooMany =
  "spec.account: With this one Account/acme has 3 databases, and the limit of Package/small is 2. " +
  "Remove one of those that are there, or raise spec.limits.databases of Package/small."

describe("the limits of an account", () => {
  it("let in as many as they say, and none more", () => {
    expect(said({ existing: [small, acme], incoming: [database("a"), database("b")] })).toEqual([])
    expect(said({ existing: [small, acme], incoming: [database("a"), database("b"), database("c")] })).toEqual([
      `2 ${tooMany}`,
    ])
    expect(said({ existing: [small, acme, database("a"), database("b")], incoming: [database("c")] })).toEqual([
      `0 ${tooMany}`,
    ])
  })

  it("count each kind by itself, and none where nobody limits it", () => {
    const job = (name: string) => make("CronJob", name, { account: "acme", schedule: "@daily", command: "true" })
    const existing = [small, acme, fern, database("a"), database("b")]
    expect(said({ existing, incoming: [job("one"), database("f1", "fern"), database("f2", "fern")] })).toEqual([])
    expect(said({ existing: [...existing, job("one")], incoming: [job("two")] })).toEqual([
      "0 spec.account: With this one Account/acme has 2 cron jobs, and the limit of Package/small is 1. " +
        "Remove one of those that are there, or raise spec.limits.cronJobs of Package/small.",
    ])
  })

  it("are the account's own before those of its package", () => {
    const roomy = make("Account", "acme", { package: "small", limits: { databases: 3 } })
    const existing = [small, roomy, database("a"), database("b")]
    expect(said({ existing, incoming: [database("c")] })).toEqual([])
    expect(said({ existing, incoming: [database("c"), database("d")] })).toEqual([
      "1 spec.account: With this one Account/acme has 4 databases, and the limit of Account/acme is 3. " +
        "Remove one of those that are there, or raise spec.limits.databases of Account/acme.",
    ])
  })

  it("are those that the change leaves: an account and its package may come with what they limit", () => {
    expect(said({ existing: [], incoming: [database("a"), database("b"), acme, small] })).toEqual([])
    const larger = make("Package", "small", { limits: { databases: 3 } })
    const existing = [small, acme, database("a"), database("b")]
    expect(said({ existing, incoming: [database("c"), larger] })).toEqual([])
  })

  it("free a place when one goes, also to another account", () => {
    const existing = [small, acme, fern, database("a"), database("b")]
    expect(said({ existing, incoming: [database("c")], removed: [{ kind: "Database", name: "a" }] })).toEqual([])
    expect(said({ existing, incoming: [database("c"), database("a", "fern")] })).toEqual([])
    expect(said({ existing: [...existing, database("f", "fern")], incoming: [database("f")] })).toEqual([
      `0 ${tooMany}`,
    ])
  })

  it("may be lowered below what is there, which can still be changed", () => {
    const lower = make("Package", "small", { limits: { databases: 1 } })
    const existing = [small, acme, database("a"), database("b")]
    expect(said({ existing, incoming: [lower] })).toEqual([])
    const over = [lower, acme, database("a"), database("b")]
    expect(
      said({ existing: over, incoming: [make("Database", "a", { account: "acme", users: [{ name: "x" }] })] }),
    ).toEqual([])
    expect(said({ existing: over, incoming: [acme] })).toEqual([])
  })
})
