/** What somebody may do, in one word, and that word in scopes. */
import * as Schema from "effect/Schema"
import type { Sight } from "../store/sight.ts"
import { Scope } from "./scopes.ts"

export const Role = Schema.Literals(["super-admin", "auditor", "reseller", "customer", "technical"])
export type Role = typeof Role.Type

/** What a customer's helper may be allowed. To look is always among it. */
export const Verb = Schema.Literals(["write", "run", "password"])
export type Verb = typeof Verb.Type

/** An auditor sees what was wanted, what is so and who did what; no settings, and nothing that is sealed. */
const auditor: ReadonlyArray<Scope> = [
  "records:read",
  "history:read",
  "live:read",
  "runs:read",
  "pauses:read",
  "audit:read",
  "chain:read",
  "users:read",
  "resellers:read",
  "customers:read",
  "packages:read",
  "figures:read",
  "webhooks:read",
]

/** Of what is theirs. */
const looks: ReadonlyArray<Scope> = ["records:read", "history:read", "live:read", "runs:read", "packages:read"]
const verbs: { readonly [V in Verb]: ReadonlyArray<Scope> } = {
  write: ["records:write", "history:write"],
  run: ["runs:write"],
  password: ["passwords:write"],
}
const customer: ReadonlyArray<Scope> = [
  ...looks,
  ...verbs.write,
  ...verbs.run,
  ...verbs.password,
  "users:read",
  "users:write",
  "customers:read",
  "webhooks:read",
  "webhooks:write",
  "audit:read",
]

const scopes: { readonly [R in Role]: ReadonlySet<Scope> } = {
  "super-admin": new Set(Scope.literals),
  auditor: new Set(auditor),
  reseller: new Set([...customer, "customers:write"]),
  customer: new Set(customer),
  technical: new Set(looks),
}

/** Somebody as rules know them. */
export interface Holds {
  readonly role: Role
  readonly verbs: ReadonlyArray<Verb>
}

export const may = ({ role, verbs: allowed }: Holds, scope: Scope): boolean =>
  scopes[role].has(scope) || (role === "technical" && allowed.some((verb) => verbs[verb].includes(scope)))

/** What of a user says what they see. */
export interface Belongs {
  readonly role: Role
  readonly tenant: string | null
  readonly records: ReadonlyArray<string>
}

/** A technical user sees the records that they are for, and none where none are named. */
export const sightOf = ({ records, role, tenant }: Belongs): Sight => {
  if (role === "super-admin") return { of: "operator" }
  if (role === "auditor") return { of: "auditor" }
  return {
    of: "tenant",
    as: role === "reseller" ? role : "customer",
    // The table lets nobody be without one who is not of the operator.
    tenant: tenant ?? nobodys,
    ...(role === "technical" ? { records } : {}),
  }
}

const nobodys = "00000000-0000-0000-0000-000000000000"
