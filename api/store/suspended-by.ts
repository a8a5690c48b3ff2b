/**
 * Who suspended a record, which stands in an annotation of it: what was suspended from above is not lifted from below. Pure.
 *
 * The one thing to know before changing it: while it is suspended from above, those below may write nothing of it. With its
 * domains moved to another site, or with itself deleted and made again, it would be lifted all the same.
 */
import type { Mistake } from "../problems.ts"
import { keyOf, type Step, type Wanted } from "./plan.ts"
import type { JsonObject, RecordRow } from "./rows.ts"
import type { Sight, TenantSight } from "./sight.ts"

const annotation = "plumbline.dev/suspended-by"

/** The further to the right, the higher. */
const ranks = ["customer", "reseller", "operator"] as const
type Rank = (typeof ranks)[number]

const called: { readonly [R in Rank]: string } = {
  customer: "its owner",
  reseller: "whoever looks after the account",
  operator: "whoever runs the installation",
}

const rankOf = (sight: Sight): Rank => (sight.of === "tenant" ? sight.as : "operator")

const annotationsOf = ({ annotations }: JsonObject): JsonObject =>
  typeof annotations === "object" && annotations !== null && !Array.isArray(annotations)
    ? (annotations as JsonObject)
    : {}

const writtenIn = (metadata: JsonObject): Rank | undefined => {
  const written = annotationsOf(metadata)[annotation]
  return ranks.find((rank) => rank === written)
}

/** Undefined where it is not suspended, or nobody wrote down by whom. */
const suspendedBy = (row: Pick<RecordRow, "metadata" | "spec" | "deleted_at">): Rank | undefined =>
  row.deleted_at === null && row.spec["suspended"] === true ? writtenIn(row.metadata) : undefined

const annotated = (metadata: JsonObject, by: Rank | undefined): JsonObject => {
  if (writtenIn(metadata) === by && (by !== undefined || annotationsOf(metadata)[annotation] === undefined))
    return metadata
  const { [annotation]: _, ...others } = annotationsOf(metadata)
  return { ...metadata, annotations: by === undefined ? others : { ...others, [annotation]: by } }
}

/** With the annotation as it is to be, whatever was sent: an operator may say whose the suspension is, as an export does. */
export const markSuspended = (
  sight: Sight,
  wanted: ReadonlyArray<Wanted>,
  existing: ReadonlyMap<string, RecordRow>,
): ReadonlyArray<Wanted> =>
  wanted.map((one) => {
    const before = existing.get(one.key)
    const said = sight.of === "operator" ? writtenIn(one.metadata) : undefined
    const stands = before === undefined ? undefined : suspendedBy(before)
    const by = one.spec["suspended"] === true ? (said ?? stands ?? rankOf(sight)) : undefined
    const metadata = annotated(one.metadata, by)
    return metadata === one.metadata ? one : { ...one, metadata }
  })

/** What is wrong with a tenant's step on what was suspended from above. */
export const suspendedAbove = (
  sight: TenantSight,
  { before, ...step }: Step,
): ReadonlyArray<Omit<Mistake, "index">> => {
  const by = before === undefined ? undefined : suspendedBy(before)
  if (by === undefined || ranks.indexOf(by) <= ranks.indexOf(sight.as)) return []
  return [
    {
      ...{ kind: step.kind, name: step.name, field: "spec.suspended" },
      message: `${keyOf(step)} was suspended by ${called[by]}.`,
      mend: "Ask them to lift that. Until then it stays as it is.",
    },
  ]
}
