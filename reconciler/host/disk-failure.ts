// What a full disk, a quota or a file system says, as a failure that names the path and what to do.

import { ResourceFailure } from "../contract/resource.ts"

export const diskFailure = (cause: unknown, path: string): unknown => {
  if (cause instanceof ResourceFailure) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new ResourceFailure({
        reason: "NoSpace",
        message: `no space left for ${path} (${code})`,
        mend: "Free space or inodes on the file system; it is tried again by itself.",
        verdict: { kind: "retry" },
      })
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return new ResourceFailure({
        reason: "NotPermitted",
        message: `${path} cannot be changed (${code})`,
        mend: "Check that the file system is mounted writable and the file is not immutable (lsattr).",
        verdict: { kind: "retry" },
      })
    case "EISDIR":
    case "EEXIST":
    case "ENOTDIR":
      return new ResourceFailure({
        reason: "Conflict",
        message: `something of another type stands at ${path} (${code})`,
        mend: `Move ${path} away.`,
        verdict: { kind: "stall" },
      })
    default:
      return new ResourceFailure({ reason: "HostError", message: `${path}: ${message}`, verdict: { kind: "retry" } })
  }
}
