/**
 * Secrets on their way into a record: sealed for every node that there is, and from here on nobody's to read but theirs.
 *
 * The one thing to know before changing it: nothing may be logged, compared or stored before this was done. A value that is
 * given in plain again is sealed anew and is a change, because nobody here can tell whether it is the same.
 */
import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { printField } from "../../spec/problem.ts"
import { bindingOf, parseRecipient, seal } from "../../spec/sealing.ts"
import { type SecretPlace, valueAt, withValueAt } from "../../spec/secret.ts"
import type { Mistake } from "../problems.ts"
import type { Wanted } from "./plan.ts"

/** The public keys of all nodes. */
export const recipients = Effect.fn("seal.recipients")(function* () {
  const sql = yield* PgClient
  const rows = yield* sql<{ readonly recipient: string | null }>`
    select distinct facts #>> '{sealing,recipient}' as recipient from nodes order by 1`
  return rows.flatMap(({ recipient }) => parseRecipient(recipient ?? "") ?? [])
})

export interface SealedSet {
  readonly wanted: ReadonlyArray<Wanted>
  readonly mistakes: ReadonlyArray<Mistake>
}

/** `make`: also those that are to be made up where there is none. */
export const sealSecrets = Effect.fn("seal.secrets")(function* (
  wanted: ReadonlyArray<Wanted>,
  { make }: { readonly make: boolean },
) {
  const due = new Map(
    wanted.flatMap((one) => {
      const places = one.secrets.flatMap((place) => valueFor(one, place, make))
      return places.length === 0 ? [] : [[one, places] as const]
    }),
  )
  if (due.size === 0) return { wanted, mistakes: [] } satisfies SealedSet
  const keys = yield* recipients()
  if (keys.length === 0)
    return {
      wanted,
      mistakes: [...due].flatMap(([one, places]) => places.map(({ place }) => keyless(one, place))),
    } satisfies SealedSet
  const sealed: Array<Wanted> = []
  for (const one of wanted) {
    let { spec } = one
    for (const { place, value } of due.get(one) ?? [])
      spec = withValueAt(spec, place.path, yield* seal(keys, { for: bindingOf(one, place.label), value }))
    sealed.push(spec === one.spec ? one : { ...one, spec })
  }
  return { wanted: sealed, mistakes: [] } satisfies SealedSet
})

interface Due {
  readonly place: SecretPlace
  readonly value: string
}

const valueFor = (one: Wanted, place: SecretPlace, make: boolean): ReadonlyArray<Due> => {
  const value = valueAt(one.spec, place.path)
  if (typeof value === "string") return [{ place, value }]
  return make && value === undefined && place.make === "password"
    ? [{ place, value: randomBytes(32).toString("base64url") }]
    : []
}

const keyless = (one: Wanted, place: SecretPlace): Mistake => ({
  ...(one.index === undefined ? {} : { index: one.index }),
  kind: one.kind,
  name: one.name,
  field: printField(["spec", ...place.path]),
  message: "No node has a key yet that this secret could be sealed for.",
  mend: "Start the agent of a node first.",
})
