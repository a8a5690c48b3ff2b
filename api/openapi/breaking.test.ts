import { assert, describe, it } from "@effect/vitest"
import { breaks, type Document } from "./breaking.ts"
import { contract, released } from "./released.ts"
import type { Schema } from "./schema-fits.ts"

const document = (
  request: Schema,
  answer: Schema,
  more: { readonly parameters?: ReadonlyArray<object>; readonly status?: string; readonly path?: string } = {},
): Document =>
  ({
    paths: {
      [more.path ?? "/v1/things"]: {
        post: {
          parameters: more.parameters ?? [],
          requestBody: { required: true, content: { "application/json": { schema: request } } },
          responses: { [more.status ?? "200"]: { content: { "application/json": { schema: answer } } } },
        },
      },
    },
    components: { schemas: { Word: { type: "string", enum: ["one", "two"] } } },
  }) as unknown as Document

const object = (
  properties: Record<string, Schema>,
  required: ReadonlyArray<string> = Object.keys(properties),
): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
})

const text: Schema = { type: "string", maxLength: 100 }
const optional = object({ name: text, note: text }, ["name"])
const base = document(optional, object({ id: { type: "string" }, size: { type: "integer" } }))
const same = object({ id: { type: "string" }, size: { type: "integer" } })

describe("the contract", () => {
  it("breaks no program that was written for the one that was released last", () => {
    assert.deepStrictEqual(breaks(released(), contract()), [])
  })
})

describe("what breaks programs", () => {
  it.each<[string, Document, string]>([
    ["an operation that is gone", document(optional, same, { path: "/v1/others" }), "it is gone"],
    ["another status", document(optional, same, { status: "201" }), "it no longer answers 200"],
    [
      "a new parameter that has to be there",
      document(optional, same, { parameters: [{ name: "of", in: "query", required: true, schema: text }] }),
      "query of has to be there",
    ],
    [
      "a new field that has to be there",
      document(object({ name: text, note: text, kind: text }, ["name", "kind"]), same),
      "in what is sent it: kind need not be there, and has to be",
    ],
    [
      "a field that is not taken any more",
      document(object({ name: text }), same),
      "in what is sent it: note is not known",
    ],
    [
      "a field that may be shorter only",
      document(object({ name: { ...text, maxLength: 50 }, note: text }, ["name"]), same),
      "in what is sent name: maxLength is 50 and was 100",
    ],
    [
      "a field of another type",
      document(object({ name: { type: "integer" }, note: text }, ["name"]), same),
      "in what is sent name is string, and was integer",
    ],
    [
      "an answer that lacks something",
      document(optional, object({ id: { type: "string" } })),
      "in the answer it: size need not be there, and has to be",
    ],
    [
      "an answer that may lack something",
      document(optional, object({ id: { type: "string" }, size: { type: "integer" } }, ["id"])),
      "in the answer it: size need not be there, and has to be",
    ],
    [
      "an answer that may be null",
      document(optional, object({ id: { anyOf: [{ type: "string" }, { type: "null" }] }, size: { type: "integer" } })),
      "in the answer id is null, and was string",
    ],
  ])("is %s", (_, after, problem) => {
    assert.deepStrictEqual(breaks(base, after), [`POST /v1/things: ${problem}`])
  })

  it("is a word that is not taken any more, and no new word in an answer", () => {
    const word = (...words: ReadonlyArray<string>): Schema => ({ type: "string", enum: words })
    const of = (schema: Schema) => document(object({ word: schema }), object({ word: schema }))
    assert.deepStrictEqual(breaks(of(word("one", "two")), of(word("one"))), [
      "POST /v1/things: in what is sent word may no longer be two",
    ])
    assert.deepStrictEqual(breaks(of(word("one")), of(word("one", "two"))), [])
    assert.deepStrictEqual(breaks(of({ $ref: "#/components/schemas/Word" }), of(word("one", "two"))), [])
    assert.deepStrictEqual(breaks(of(word("one", "two")), of({ $ref: "#/components/schemas/Word" })), [])
  })

  it("is nothing that is new and need not be used", () => {
    const after = document(
      object({ name: { ...text, maxLength: 200 }, note: text, more: text }, ["name"]),
      object({ id: { type: "string" }, size: { type: "integer" }, more: text }),
      { parameters: [{ name: "of", in: "query", required: false, schema: text }] },
    )
    assert.deepStrictEqual(breaks(base, after), [])
    assert.deepStrictEqual(breaks(base, base), [])
    const paths = { ...base.paths, "/v1/more": base.paths["/v1/things"] ?? {} }
    assert.deepStrictEqual(breaks(base, { ...base, paths }), [])
  })
})
