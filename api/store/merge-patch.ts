/** A change as JSON Merge Patch (RFC 7396): what it names becomes so, null takes away, and lists are replaced as a whole. */
import type { Json } from "effect/Schema"

type Fields = { readonly [key: string]: Json }

const isFields = (value: Json | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isFields(patch)) return patch
  const merged = new Map(isFields(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key), value))
  }
  // Fields of one's own, whatever they are called.
  return Object.fromEntries(merged)
}
