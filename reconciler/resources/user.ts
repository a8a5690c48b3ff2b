// A user that no password opens, unless its spec has one. Its number is never changed, and its home is a resource of its own. The groups it is in are
// exactly those of the spec: one more could be sudo.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import type { Accounts, UserEntry } from "../host/accounts.ts"
import { attempt, Host } from "../host/host.ts"
import { changed, missing } from "./differences.ts"
import { ownedByAnother } from "./identity.ts"
import { type Place, place, userKey } from "./place.ts"
import { goes } from "./removal.ts"

export interface UserSpec {
  readonly uid: number
  /** The primary group's number. */
  readonly gid: number
  readonly comment: string
  readonly home: `/${string}`
  /** "/usr/sbin/nologin" */
  readonly shell: string
  /** Every other group it is in, and no more. */
  readonly groups: ReadonlyArray<string>
  /** What its password is checked against, as crypt(5) has it. Without, none opens it. */
  readonly verifier?: string
}

export const user = (name: string, spec: UserSpec, where: Place): Resource<UserSpec> => place("user", name, spec, where)

export interface SeenUser extends UserEntry {
  /** Besides the primary one, sorted. */
  readonly groups: ReadonlyArray<string>
}

export const userType: ResourceType<UserSpec, SeenUser> = {
  kind: "user",
  owns: (id, spec) => [userKey(id), `uid:${spec.uid}`],
  observe: (id) =>
    attempt(({ accounts }) => {
      const entry = accounts.users().get(id)
      return entry && { ...entry, groups: memberships(accounts)(id) }
    }),
  diff: (spec, seen) =>
    seen === undefined
      ? [missing(`user ${spec.uid}`)]
      : [
          ...changed("uid", String(spec.uid), String(seen.uid)),
          ...changed("gid", String(spec.gid), String(seen.gid)),
          ...changed("comment", spec.comment, seen.comment),
          ...changed("home", spec.home, seen.home),
          ...changed("shell", spec.shell, seen.shell),
          ...changed("groups", sorted(spec.groups), sorted(seen.groups)),
          ...changed("password", wantedPassword(spec), seenPassword(spec, seen)),
        ],
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      const { accounts } = yield* Host
      if (seen !== undefined && seen.uid !== spec.uid) {
        return yield* ownedByAnother(`user ${id}`, `uid ${seen.uid}`, `uid ${spec.uid}`)
      }
      if (seen === undefined) yield* accounts.addUser({ name: id, ...spec })
      const change = {
        ...(seen && seen.gid !== spec.gid ? { gid: spec.gid } : {}),
        ...(seen && seen.comment !== spec.comment ? { comment: spec.comment } : {}),
        ...(seen && seen.home !== spec.home ? { home: spec.home } : {}),
        ...(seen && seen.shell !== spec.shell ? { shell: spec.shell } : {}),
        ...(sorted(seen?.groups ?? []) === sorted(spec.groups) ? {} : { groups: spec.groups }),
        ...passwordChange(spec, seen),
      }
      if (Object.keys(change).length > 0) yield* accounts.changeUser(id, change)
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      const { accounts } = yield* Host
      const found = yield* attempt(() => accounts.users().get(id))
      if (found && goes(removal)) yield* accounts.removeUser(id)
      return []
    }),
  watch: () => [],
  survey: attempt(({ accounts }) => {
    const users = accounts.users()
    const groupsOf = memberships(accounts)
    return (id) => JSON.stringify([users.get(id), groupsOf(id)])
  }),
}

/** In words: what a password is checked against is shown to nobody. */
const wantedPassword = ({ verifier }: UserSpec): string => (verifier === undefined ? "locked" : "the one that was set")
const seenPassword = (spec: UserSpec, { locked, verifier }: SeenUser): string => {
  if (spec.verifier === verifier) return wantedPassword(spec)
  return locked ? "locked" : spec.verifier === undefined ? "not locked" : "another one"
}

/** A new user is locked. */
const passwordChange = (spec: UserSpec, seen: SeenUser | undefined): { readonly verifier?: string | null } => {
  if (seen === undefined) return spec.verifier === undefined ? {} : { verifier: spec.verifier }
  return seenPassword(spec, seen) === wantedPassword(spec) ? {} : { verifier: spec.verifier ?? null }
}

const sorted = (names: ReadonlyArray<string>): string => [...names].sort().join(",")

const memberships = (accounts: Accounts): ((user: string) => ReadonlyArray<string>) => {
  const groups = new Map<string, Array<string>>()
  for (const { name, members } of accounts.groups().values()) {
    for (const member of members) groups.set(member, [...(groups.get(member) ?? []), name])
  }
  return (user) => (groups.get(user) ?? []).sort()
}
