/**
 * One text for each value: what hashes are made of and what equality is decided by.
 *
 * The one thing to know before changing it: `generation` moves exactly when the canonical JSON of the encoded spec does,
 * and revisions are hashed over it. Changing its form would move every generation at once.
 */

/** JSON with sorted keys and no white space. Keys without a value are left out, as JSON.stringify does. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`)
    return `{${fields.join(",")}}`
  }
  return JSON.stringify(value) ?? "null"
}

/** Whether two encoded specs (or any plain values) say the same. The order of lists counts, that of keys does not. */
export const sameSpec = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b)
