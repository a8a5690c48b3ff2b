/** Of an endpoint with a kind and a name in its path: what it looks at first, the record or all that a change of it touches. */
import * as Context from "effect/Context"

export type At = "record" | "touched"

export const LooksAt = Context.Reference<At | undefined>("plumbline/api/store/LooksAt", {
  defaultValue: () => undefined,
})
