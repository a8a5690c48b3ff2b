// The agent's own folders on a host: what it owes, what it took away, what somebody had edited, whose the databases are.

import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"

const stateFolder: HostPath = "/var/lib/plumbline"
export const owedFolder: HostPath = `${stateFolder}/owed`
export const keptFolder: HostPath = `${stateFolder}/kept`
/** Whose each database is, and dumps on their way to the trash and back. */
export const sqlFolder: HostPath = `${stateFolder}/sql`
/** The same of PostgreSQL's. */
export const postgresFolder: HostPath = `${stateFolder}/postgresql`
/** Marks of runs that somebody asked for: each was begun. */
export const askedFolder: HostPath = `${stateFolder}/asked`
/** How what was done once, to its end, has ended. */
export const doneFolder: HostPath = `${stateFolder}/done`
/** Runs that have ended, for the agent to fetch. */
export const runsFolder: HostPath = `${stateFolder}/runs`
/** The key that secrets are sealed for. */
export const keysFolder: HostPath = `${stateFolder}/keys`
/** What homes would be limited to, on a host that cannot. */
export const quotasFolder: HostPath = `${stateFolder}/quotas`
/** Packet filters of a host that has no packets. */
export const filtersFolder: HostPath = `${stateFolder}/filters`
/** Whom to tell that a run has failed, until they were. */
export const noticesFolder: HostPath = `${stateFolder}/notices`
export const trashFolder: HostPath = `${stateFolder}/trash`
/** What certificates are ordered with: accounts, orders under way, what is wanted. For root alone. */
export const acmeFolder: HostPath = `${stateFolder}/acme`
export const acmeAccountsFolder: HostPath = `${acmeFolder}/accounts`
export const acmeWishesFolder: HostPath = `${acmeFolder}/wishes`
export const acmeSitesFolder: HostPath = `${acmeFolder}/sites`
/** Programs that set records in the DNS, put there by root. */
export const hooksFolder: HostPath = "/etc/plumbline/dns-hooks"
/** Homes stay on their file system: a rename, never a copy. */
export const homeTrashFolder: HostPath = "/home/.plumbline-trash"

export const makeStateFolders = (files: Files): void => {
  makePassable(files, stateFolder, 0o755)
  const folders = [
    owedFolder,
    keptFolder,
    trashFolder,
    homeTrashFolder,
    sqlFolder,
    postgresFolder,
    askedFolder,
    doneFolder,
    runsFolder,
    keysFolder,
    quotasFolder,
    filtersFolder,
    noticesFolder,
  ]
  for (const path of folders) {
    files.makeDirectory(path, { owner: "root", group: "root", mode: 0o700 })
  }
  // The answers to challenges are in it too, and nginx's workers pass through to them.
  makePassable(files, acmeFolder, 0o711)
  const acme = [acmeAccountsFolder, acmeWishesFolder, acmeSitesFolder]
  for (const path of acme) files.makeDirectory(path, { owner: "root", group: "root", mode: 0o700 })
  for (const path of [...folders, ...acme]) files.cleanTemporary(path)
}

/** One that a crash cut off between the folder and its mode is still closed: no record's claim may stumble over that. */
const makePassable = (files: Files, path: HostPath, mode: number): void => {
  files.makeDirectory(path, { owner: "root", group: "root", mode })
  const seen = files.stat(path)
  if (seen?.type === "directory" && (seen.mode & 0o7777) === 0o700) files.setMode(path, mode)
}
