/**
 * Who suspended a record: the operator, or a tenant, which stands in an annotation of it then. What was suspended from above is
 * not lifted from below. Pure.
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

const annotationsOf = ({ annotations }: JsonObject): JsonObject =>
  typeof annotations === "object" && annotations !== null && !Array.isArray(annotations)
    ? (annotations as JsonObject)
    : {}

const writtenIn = (metadata: JsonObject): Rank => {
  const written = annotationsOf(metadata)[annotation]
  return ranks.find((rank) => rank === written) ?? "operator"
}

/** Undefined where it is not suspended. */
const suspendedBy = (row: Pick<RecordRow, "metadata" | "spec" | "deleted_at">): Rank | undefined =>
  row.deleted_at === null && row.spec["suspended"] === true ? writtenIn(row.metadata) : undefined

const annotated = (metadata: JsonObject, by: Rank): JsonObject => {
  const { [annotation]: written, ...others } = annotationsOf(metadata)
  const wanted = by === "operator" ? undefined : by
  if (written === wanted) return metadata
  return { ...metadata, annotations: wanted === undefined ? others : { ...others, [annotation]: wanted } }
}

/** With the annotation as it is to be. An operator says by it whose the suspension is, as an export does; a tenant cannot. */
export const markSuspended = (
  sight: Sight,
  wanted: ReadonlyArray<Wanted>,
  existing: ReadonlyMap<string, RecordRow>,
): ReadonlyArray<Wanted> =>
  wanted.map((one) => {
    const before = existing.get(one.key)
    const stands = before === undefined ? undefined : suspendedBy(before)
    const by = sight.of === "tenant" ? (stands ?? sight.as) : writtenIn(one.metadata)
    const metadata = annotated(one.metadata, one.spec["suspended"] === true ? by : "operator")
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
