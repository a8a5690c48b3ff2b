import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { policyAnnotations } from "./envelope.ts"
import { iniSettings } from "./ini.ts"
import { type JsonSchema, printSchema, schemaFiles } from "./json-schema.ts"

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const everySchema = (schema: unknown): ReadonlyArray<JsonSchema> =>
  Array.isArray(schema)
    ? schema.flatMap(everySchema)
    : isObject(schema)
      ? [schema, ...Object.values(schema).flatMap(everySchema)]
      : []

describe("the published JSON Schema", () => {
  it.each(Object.entries(schemaFiles()))(
    "is as the kinds are now (else: node spec/json-schema.main.ts): %s",
    (file, schema) => {
      expect(readFileSync(join(import.meta.dirname, "schemas", file), "utf8")).toBe(printSchema(schema))
    },
  )

  it("explains every field of every spec, and refuses others", () => {
    const unexplained = everySchema(schemaFiles()["plumbline.json"]?.["$defs"]).flatMap((schema) => {
      const properties = schema["properties"]
      if (!isObject(properties) || "apiVersion" in properties || "name" in properties || "400" in properties) return []
      expect(schema["additionalProperties"]).toBe(false)
      return Object.entries(properties).filter(
        ([, field]) => isObject(field) && typeof field["description"] !== "string",
      )
    })
    expect(unexplained.map(([name]) => name)).toEqual([])
  })

  it("has patterns that are regular expressions of the Unicode kind, as validators use them", () => {
    for (const schema of everySchema(schemaFiles()))
      if (typeof schema["pattern"] === "string") expect(() => new RegExp(String(schema["pattern"]), "u")).not.toThrow()
  })

  it("lets editors know each ini setting with its sentence", () => {
    expect(Object.keys(iniSettings).length).toBeGreaterThan(30)
    expect(JSON.stringify(schemaFiles()["Php.json"])).toContain("The most memory that one request may use.")
    for (const policy of Object.values(policyAnnotations)) expect(policy.explanation).toMatch(/\.$/)
  })
})
