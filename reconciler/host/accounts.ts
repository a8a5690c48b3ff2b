// Users and groups of the host. Reading is one parse of passwd and group, kept until either file changes.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"

export interface UserEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly comment: string
  readonly home: string
  readonly shell: string
  /** No password opens it. */
  readonly locked: boolean
  /** What a password is checked against, as shadow(5) has it. */
  readonly verifier: string
}

export interface GroupEntry {
  readonly name: string
  readonly gid: number
  readonly members: ReadonlyArray<string>
}

export interface NewUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly comment: string
  readonly home: string
  readonly shell: string
}

export interface Accounts {
  /** By name. Throws a ResourceFailure when passwd cannot be read. */
  readonly users: () => ReadonlyMap<string, UserEntry>
  readonly groups: () => ReadonlyMap<string, GroupEntry>
  readonly addGroup: (name: string, gid: number) => Effect.Effect<void, ResourceFailure>
  readonly removeGroup: (name: string) => Effect.Effect<void, ResourceFailure>
  /** Locked, without a home being made. */
  readonly addUser: (user: NewUser) => Effect.Effect<void, ResourceFailure>
  readonly changeUser: (
    name: string,
    change: Partial<Pick<NewUser, "gid" | "comment" | "home" | "shell">> & {
      readonly groups?: ReadonlyArray<string>
      /** What a password is to be checked against; null locks it. */
      readonly verifier?: string | null
    },
  ) => Effect.Effect<void, ResourceFailure>
  readonly removeUser: (name: string) => Effect.Effect<void, ResourceFailure>
}
