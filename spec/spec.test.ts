import * as Result from "effect/Result"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { writtenRecord } from "./arbitrary.ts"
import { sameSpec } from "./canonical.ts"
import { compareRecords } from "./compare.ts"
import { decodeEnvelope, type Envelope, encodeEnvelope } from "./kinds.ts"
import { load } from "./load.ts"
import { printFile, printPlain, printRecord } from "./print.ts"
import { printProblem } from "./problem.ts"

const read = (text: string): ReadonlyArray<Envelope> =>
  Result.match(load([{ file: "test.yaml", text }]), {
    onFailure: (problems) => {
      throw new Error(problems.map(printProblem).join("\n"))
    },
    onSuccess: (records) => records.map((record) => record.envelope),
  })

const record = writtenRecord.map((input) => Result.getOrThrow(decodeEnvelope(input)))

describe("printing and reading", () => {
  it("gives back the same text when what was printed is read and printed again", () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 4 }),
        fc.constantFrom("written" as const, "omitted" as const),
        (all, defaults) => {
          const text = printFile(all, { defaults, schema: "plumbline.json" })
          expect(printFile(read(text), { defaults, schema: "plumbline.json" })).toBe(text)
        },
      ),
      { numRuns: 500 },
    )
  })

  it("loses nothing of a record, with and without its defaults", () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(read(printRecord(one))).toEqual([one])
        expect(read(printRecord(one, { defaults: "omitted" }))).toEqual([one])
        expect(read(JSON.stringify(encodeEnvelope(one), null, "\t"))).toEqual([one])
      }),
      { numRuns: 500 },
    )
  })

  it("prints what the database gives back in any order of keys just as it was", () => {
    fc.assert(
      fc.property(record, (one) => {
        const reversed = (value: unknown): unknown =>
          Array.isArray(value)
            ? value.map(reversed)
            : typeof value === "object" && value !== null
              ? Object.fromEntries(
                  Object.entries(value)
                    .toReversed()
                    .map(([key, inner]) => [key, reversed(inner)]),
                )
              : value
        expect(printPlain(reversed(encodeEnvelope(one)))).toBe(printRecord(one))
        expect(sameSpec(reversed(encodeEnvelope(one).spec), encodeEnvelope(one).spec)).toBe(true)
      }),
    )
  })

  it("writes every default out, or only what differs from it", () => {
    const [site] = read(
      "apiVersion: plumbline.dev/v1\nkind: Site\nmetadata: {name: shop}\nspec: {account: acme, domains: [BÜCHER.example], maxUpload: 1024k}\n",
    )
    if (site === undefined) throw new Error("no site")
    expect(printRecord(site)).toMatchInlineSnapshot(`
      "apiVersion: plumbline.dev/v1
      kind: Site
      metadata:
        name: shop
      spec:
        account: acme
        domains:
          - xn--bcher-kva.example
        aliases: []
        redirects:
          www: keep
          https: false
          paths: []
        documentRoot: public
        suspended: false
        indexFiles:
          - index.php
          - index.html
        errorPages: {}
        maxUpload: 1M
        protect: []
        access:
          allow: []
          deny: []
        limits:
          burst: 100
        securityHeaders: standard
        headers: {}
        compression: true
        noPhp: []
        logs:
          days: 14
        tls:
          minimumVersion: "1.2"
      "
    `)
    expect(printRecord(site, { defaults: "omitted" })).toMatchInlineSnapshot(`
      "apiVersion: plumbline.dev/v1
      kind: Site
      metadata:
        name: shop
      spec:
        account: acme
        domains:
          - xn--bcher-kva.example
        maxUpload: 1M
      "
    `)
  })
})

describe("comparing", () => {
  it("finds no difference between a record and itself", () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(compareRecords(one, read(printRecord(one))[0])).toEqual({ fields: [], diff: "" })
      }),
    )
  })

  it("has fields and a diff for any two records that differ, never one without the other", () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const { fields, diff } = compareRecords(a, b)
        fc.pre(a.kind === b.kind)
        expect(fields.length > 0).toBe(diff !== "")
      }),
    )
  })

  it("reads as a unified diff", () => {
    const site = (php: string) =>
      read(
        `apiVersion: plumbline.dev/v1\nkind: Php\nmetadata: {name: shop}\nspec: {account: acme, version: "${php}"}\n`,
      )[0]
    expect(compareRecords(site("8.2"), site("7.4"))).toMatchInlineSnapshot(`
      {
        "diff": "--- Php/shop	before
      +++ Php/shop	after
      @@ -4,7 +4,7 @@
         name: shop
       spec:
         account: acme
      -  version: "8.2"
      +  version: "7.4"
         ini: {}
         pool:
           mode: ondemand
      ",
        "fields": [
          {
            "after": "7.4",
            "before": "8.2",
            "field": "spec.version",
          },
        ],
      }
    `)
    expect(compareRecords(undefined, site("7.4")).fields).toHaveLength(2)
  })
})
