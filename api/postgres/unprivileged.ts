/**
 * Runs a program without root's powers. Postgres refuses to run as root, and what serves a directory host (nginx,
 * php-fpm, the agent) has no business to be root either.
 *
 * Root is mapped to an ordinary user inside a user namespace: to the program it is uid 1000 without any capability, to the
 * file system it is still the owner of root's files. So nothing needs another owner, and a checkout under a folder that
 * only root can enter works too, which running as `nobody` would not.
 */
import { spawnSync } from "node:child_process"

/** How a program is started: as who we are, in a user namespace, or as another user. */
export type Way = "plain" | "namespace" | { readonly uid: number; readonly gid: number }

export const nobody = { uid: 65534, gid: 65534 }

const namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]

let namespacesWork: boolean | undefined

/** Kernels, sysctls and container profiles may refuse user namespaces to root too; only trying tells. */
const canUseNamespaces = (): boolean => {
  namespacesWork ??= spawnSync("unshare", [...namespace.slice(1), "true"], { stdio: "ignore" }).status === 0
  return namespacesWork
}

export const isRoot = (): boolean => process.geteuid?.() === 0

/** The best way that this machine offers. */
export const unprivilegedWay = (): Way => (!isRoot() ? "plain" : canUseNamespaces() ? "namespace" : nobody)

/** The argument vector that runs `argv` without root's powers. When we are not root, it is `argv` itself. */
export const unprivileged = (argv: ReadonlyArray<string>, way: Way = unprivilegedWay()): ReadonlyArray<string> => {
  if (way === "plain") return argv
  if (way === "namespace") return [...namespace, ...argv]
  return ["setpriv", `--reuid=${way.uid}`, `--regid=${way.gid}`, "--clear-groups", "--", ...argv]
}
