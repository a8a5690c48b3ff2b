/** Fields of a record by their address (`spec.domains[0]`), and which of them differ between two values. */
import type { Json } from "effect/Schema"
import { fieldChanges } from "../../spec/compare.ts"
import { parseField } from "../../spec/problem.ts"
import type { FieldChange } from "../shapes.ts"

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What stands at a field; undefined where there is none. */
export const at = (value: Json, field: string): Json | undefined =>
  parseField(field).reduce<Json | undefined>((inside, key) => {
    if (Array.isArray(inside)) return typeof key === "number" ? inside[key] : undefined
    return isMap(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined
  }, value)

/** Every field that differs, down to its leaf. Lists are compared place by place. */
export const changes = (before: Json, after: Json): ReadonlyArray<FieldChange> =>
  // Parts of JSON are JSON, which the comparison of any two values cannot say.
  fieldChanges(before, after) as ReadonlyArray<FieldChange>
