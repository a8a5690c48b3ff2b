// A user of the host's database server: everybody of that name, wherever they come from, since to the server each place is
// an account of its own. Its rights are exactly those of the spec: one more anywhere, or one more place, is drift.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import {
  accountLocked,
  noPassword,
  otherSettings,
  passwordPlugin,
  type SqlAccount,
  type WantedAccount,
} from "../host/sql.ts"
import { placeOf } from "../host/sql-statements.ts"
import { changed } from "./differences.ts"
import { type Place, place, sqlUserKey } from "./place.ts"
import { goes } from "./removal.ts"
import { surveyed } from "./sql-survey.ts"

export interface SqlUserSpec {
  /** As the server writes them: "localhost", "192.0.2.0/255.255.255.0". */
  readonly hosts: ReadonlyArray<string>
  /** What the server keeps of the password; null until there is one, and then nobody gets in. */
  readonly verifier: string | null
  /** The one database that it may use. */
  readonly database: string
  /** Sorted: ["INSERT", "SELECT"]. */
  readonly privileges: ReadonlyArray<string>
  /** Nobody gets in, whatever else stands here. */
  readonly locked?: true
}

export const sqlUser = (name: string, spec: SqlUserSpec, where: Place): Resource<SqlUserSpec> =>
  place("sql-user", name, spec, where)

const wanted = ({ database, locked, privileges, verifier }: SqlUserSpec, host: string): WantedAccount => ({
  host,
  verifier: verifier ?? noPassword,
  database,
  privileges: privileges.join(", "),
  locked: locked ?? false,
})

export const sqlUserType: ResourceType<SqlUserSpec, ReadonlyArray<SqlAccount>> = {
  kind: "sql-user",
  owns: (id) => [sqlUserKey(id)],
  observe: (id) =>
    Effect.flatMap(Host, ({ sql }) => sql.user(id)).pipe(
      Effect.map((accounts) => (accounts.length === 0 ? undefined : accounts)),
    ),
  diff: (spec, seen = []) => [
    ...spec.hosts.flatMap((host): ReadonlyArray<FieldDiff> => {
      const account = seen.find((one) => one.host === host)
      return account === undefined
        ? [{ field: `from ${host}`, want: "let in", have: null, kind: "missing" }]
        : accountDiffs(wanted(spec, host), account)
    }),
    ...seen
      .filter(({ host }) => !spec.hosts.includes(host))
      .map(({ host }): FieldDiff => ({ field: `from ${host}`, want: "refused", have: "let in", kind: "extra" })),
  ],
  apply: (id, spec, seen = []) =>
    Effect.gen(function* () {
      const { sql } = yield* Host
      for (const host of spec.hosts) {
        const account = seen.find((one) => one.host === host)
        const want = wanted(spec, host)
        if (account !== undefined && accountDiffs(want, account).length === 0) continue
        yield* sql.setAccount(id, want, account)
      }
      const strangers = seen.filter(({ host }) => !spec.hosts.includes(host))
      for (const { host } of strangers) yield* sql.dropAccount(id, host)
      if (strangers.length > 0) yield* sql.endSessions(id)
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { sql } = yield* Host
      const accounts = yield* sql.user(id)
      for (const { host } of accounts) yield* sql.dropAccount(id, host)
      if (accounts.length > 0) yield* sql.endSessions(id)
      return []
    }),
  watch: () => [],
  survey: surveyed(
    ({ sql }) => sql,
    ({ users }) => users,
  ),
}

const accountDiffs = (want: WantedAccount, seen: SqlAccount): ReadonlyArray<FieldDiff> => {
  const { host } = want
  const own = placeOf(want)
  const granted = seen.grants.find(({ on }) => on === own)
  return [
    ...changed(`log-in from ${host}`, passwordPlugin, seen.plugin),
    ...changed(`password from ${host}`, want.verifier, seen.verifier).map((diff) => ({ ...diff, secret: true })),
    ...(granted === undefined
      ? [{ field: `grant from ${host} on ${own}`, want: want.privileges, have: null, kind: "missing" as const }]
      : changed(`grant from ${host} on ${own}`, want.privileges, granted.privileges)),
    ...seen.grants
      .filter(({ on }) => on !== own)
      .map(
        ({ on, privileges }): FieldDiff => ({
          field: `grant from ${host} on ${on}`,
          want: "none",
          have: privileges,
          kind: "extra",
        }),
      ),
    ...changed(`locked from ${host}`, want.locked ? "yes" : "no", seen.settings.includes(accountLocked) ? "yes" : "no"),
    ...otherSettings(seen).map(
      (setting): FieldDiff => ({
        field: `setting from ${host}`,
        want: "none",
        have: setting,
        kind: "extra",
      }),
    ),
  ]
}
