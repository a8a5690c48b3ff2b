import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { authority } from "../../fixtures/acme/authority.ts"
import { certified, fullest } from "../../spec/fullest.ts"
import { decodeEnvelope } from "../../spec/kinds.ts"
import { decoded, lastSeen } from "./decoded.ts"
import { examineAll } from "./examined.ts"
import { documentOf } from "./plan.ts"
import type { JsonObject } from "./rows.ts"

const issuer = await authority()
const records = fullest({ root: issuer.root, ...(await issuer.pair(certified)) })

const site = (name: string, spec: JsonObject = {}) => ({
  kind: "Site",
  name,
  metadata: {},
  spec: { account: "acme", domains: [`${name}.example.org`], ...spec },
})

const anew = (record: Parameters<typeof decoded>[0]) => {
  const envelope = decodeEnvelope(documentOf(record))
  return Result.isSuccess(envelope) ? [envelope.success] : []
}

describe("what a record was when it was last looked at", () => {
  it("is what it decodes to, for records of every kind, as they are sent and as they are stored", () => {
    const { mistakes, wanted } = Effect.runSync(examineAll(records))
    expect(mistakes).toEqual([])
    for (const record of wanted)
      for (const document of [record, structuredClone(record)]) expect(decoded(document)).toEqual(anew(record))
  })

  it("is given for no other document of its name", () => {
    const uploads = fc.constantFrom("1M", "2M", "3M", "much")
    fc.assert(
      fc.property(fc.array(fc.record({ maxUpload: uploads, suspended: fc.boolean() })), (specs) => {
        for (const spec of specs) expect(decoded(site("shop", spec))).toEqual(anew(site("shop", spec)))
      }),
    )
    const labelled = { ...site("shop"), metadata: { labels: { tier: "gold" } } }
    expect(decoded(site("shop"))).not.toEqual(decoded(labelled))
    expect(decoded(labelled)).toEqual(anew(labelled))
  })

  it("is kept of no more than are looked at often, of no long ones and of none with a secret in it", () => {
    expect(decoded(site("first"))).toHaveLength(1)
    expect(lastSeen(site("first"))).toBeDefined()
    for (let index = 0; index < 4000; index++) decoded(site(`more-${index}`))
    expect(lastSeen(site("first"))).toBeUndefined()
    expect(lastSeen(site("more-3999"))).toBeDefined()

    const long = site("long", {
      aliases: Array.from({ length: 90 }, (_, index) => `alias-${index}.${"x".repeat(40)}.example.org`),
    })
    expect(decoded(long)).toHaveLength(1)
    expect(lastSeen(long)).toBeUndefined()

    const secret = Effect.runSync(examineAll(records)).wanted.filter(({ secrets }) => secrets.length > 0)
    expect(secret.length).toBeGreaterThan(0)
    for (const record of secret) expect([decoded(record).length, lastSeen(record)]).toEqual([1, undefined])
  })
})
