/**
 * What of a change is not for a tenant to write, though the record is theirs: kinds and fields that reach beyond their own
 * account. Pure.
 *
 * The one thing to know before changing it: whose a record is, Postgres says. Here is only what its owner may do with it, and
 * what a field may reach on the host is the reason for every line.
 */
import { isDeepStrictEqual } from "node:util"
import type { Mistake } from "../problems.ts"
import { at } from "./fields.ts"
import { documentOf, keyOf, type Step } from "./plan.ts"
import type { TenantSight } from "./sight.ts"

const kinds: { readonly [As in TenantSight["as"]]: ReadonlySet<string> } = {
  // Nodes are the hosts themselves, packages what is sold, accounts what somebody pays for.
  reseller: new Set(["Node", "Package"]),
  customer: new Set(["Node", "Package", "Account"]),
}

/** Fields that only the operator writes. Whoever may not goes on with what stands there. */
const fields: { readonly [kind: string]: ReadonlyArray<string> } = {
  // A user id may own files that somebody left; limits of its own are an account's way around its package.
  Account: ["spec.uid", "spec.limits"],
  // A folder of the host that root writes to, or a server that the host logs in to.
  BackupPolicy: ["spec.repository", "spec.password"],
}

/** Of an account that is not the operator's: without a package it has no limits, and without a customer no owner. */
const needed: { readonly [kind: string]: ReadonlyArray<string> } = { Account: ["spec.customer", "spec.package"] }

/** What a new record has in a field that only the operator writes. */
const unset = (field: string): unknown => (field === "spec.limits" ? {} : undefined)

const askFor = "Ask whoever runs the installation."

export const reserved = (
  sight: TenantSight,
  step: Step,
  /** As it was sent, before anything was filled in. */
  sent: Step["spec"] | undefined,
): ReadonlyArray<Omit<Mistake, "index">> => {
  if (step.action === "unchanged") return []
  const { kind, name } = step
  const mistake = (field: string, message: string, mend: string) => ({ kind, name, field, message, mend })
  if (sight.records !== undefined && !sight.records.includes(keyOf(step)))
    return [mistake("metadata.name", "This is none of the records that you look after.", askFor)]
  if (kinds[sight.as].has(kind)) return [mistake("kind", `You may not write records of the kind ${kind}.`, askFor)]
  if (step.deleted) return []
  const before = step.before?.deleted_at === null ? documentOf(step.before) : undefined
  const after = documentOf({ ...step, spec: before === undefined ? (sent ?? step.spec) : step.spec })
  return [
    ...(fields[kind] ?? []).flatMap((field) => {
      const was = before === undefined ? unset(field) : at(before, field)
      return isDeepStrictEqual(at(after, field), was)
        ? []
        : [
            mistake(
              field,
              "This is not yours to set.",
              `Leave it ${before === undefined ? "out" : "as it is"}, or ask.`,
            ),
          ]
    }),
    ...(needed[kind] ?? []).flatMap((field) =>
      at(after, field) === undefined ? [mistake(field, "This is missing.", "An account of yours needs it.")] : [],
    ),
  ]
}
