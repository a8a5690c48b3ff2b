// Field diffs that several types share, in the spelling of ls and chmod.

import type { FieldDiff } from "../contract/resource.ts"
import type { Attributes, Files, Stat } from "../host/files.ts"
import type { HostPath } from "../host/path.ts"

export const octal = (mode: number): string => mode.toString(8).padStart(4, "0")

export const changed = (field: string, want: string, have: string): ReadonlyArray<FieldDiff> =>
  want === have ? [] : [{ field, want, have, kind: "changed" }]

export const missing = (want: string): FieldDiff => ({ field: "exists", want, have: null, kind: "missing" })

export const attributesDiffer = (want: Attributes, stat: Stat): ReadonlyArray<FieldDiff> => [
  ...changed("owner", want.owner, stat.owner),
  ...changed("group", want.group, stat.group),
  ...changed("mode", octal(want.mode), octal(stat.mode)),
]

/** Owner before mode: chown(2) takes setuid and setgid away. */
export const setAttributes = (files: Files, path: HostPath, want: Attributes, stat: Stat | undefined): void => {
  const owned = stat?.owner === want.owner && stat.group === want.group
  if (!owned) files.setOwner(path, want.owner, want.group)
  if (!owned ? files.stat(path)?.mode !== want.mode : stat.mode !== want.mode) files.setMode(path, want.mode)
}

/** "symlink to /elsewhere", for a diff that says what stands in the place. */
export const describe = (stat: Stat, target: string | undefined): string =>
  target === undefined ? stat.type : `${stat.type} to ${target}`
