// A key in its account's folder: a file that sshd is given to read, and the sessions that it opened. A key that is changed
// or goes takes along the sessions that only it let in.

import * as Effect from "effect/Effect"
import type { Activation, Resource, ResourceType } from "../contract/resource.ts"
import { type FileSpec, fileType, type SeenFile } from "./file.ts"
import { type Place, place } from "./place.ts"
import { goes } from "./removal.ts"
import { accountOf } from "./ssh-place.ts"

export const sshKey = (path: `/${string}`, spec: FileSpec, where: Place): Resource<FileSpec> =>
  place("ssh-key", path, spec, where, endSessionsOf(path))

const endSessionsOf = (path: string): ReadonlyArray<Activation> => [{ kind: "sessions", account: accountOf(path) }]

export const sshKeyType: ResourceType<FileSpec, SeenFile> = {
  ...fileType,
  kind: "ssh-key",
  remove: (id, removal) => Effect.as(fileType.remove(id, removal), goes(removal) ? endSessionsOf(id) : []),
}
