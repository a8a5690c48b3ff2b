/** Writes `spec/schemas/*.json`. Run it after a change of a kind: `node spec/json-schema.main.ts`. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { printSchema, schemaFiles } from "./json-schema.ts"

const folder = join(import.meta.dirname, "schemas")
mkdirSync(folder, { recursive: true })
for (const [file, schema] of Object.entries(schemaFiles())) writeFileSync(join(folder, file), printSchema(schema))
