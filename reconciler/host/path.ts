// Paths as the rest of the reconciler speaks of them: absolute on the host, without the root of a directory host. Only
// `Host` knows where "/" really is, so a path that escapes its root cannot be written down here.

import { ResourceFailure } from "../contract/resource.ts"

export type HostPath = `/${string}`

/** The path cut into names; refuses what a kernel would resolve to somewhere else than it reads. */
export const segments = (path: HostPath): ReadonlyArray<string> => {
  const names = path.split("/").slice(1)
  if (path === "/") return []
  for (const name of names) {
    if (name === "" || name === "." || name === ".." || name.includes("\0")) {
      throw new ResourceFailure({
        reason: "InvalidPath",
        message: `${JSON.stringify(path)} is not a plain absolute path`,
        mend: "Name the path without empty parts, '.' or '..'.",
        verdict: { kind: "stall" },
      })
    }
  }
  return names
}

/** A resource's id as a path. */
export const hostPath = (id: string): HostPath => {
  if (!id.startsWith("/")) {
    throw new ResourceFailure({
      reason: "InvalidPath",
      message: `${JSON.stringify(id)} is not an absolute path`,
      verdict: { kind: "stall" },
    })
  }
  return id as HostPath
}

/** The folder that holds a path, and its name in it. */
export const parentOf = (path: HostPath): { readonly parent: HostPath; readonly name: string } => {
  const names = segments(path)
  const name = names.at(-1) ?? ""
  return { parent: `/${names.slice(0, -1).join("/")}`, name }
}
