// A folder as a host: the same files below its root, and whatever of their services this machine can run without privileges.
// The root must belong to whoever runs the agent and be writable by nobody else.

import * as fs from "node:fs"
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { directoryAccounts, seedAccounts } from "./accounts-directory.ts"
import { accountsFile } from "./accounts-file.ts"
import { noClaims } from "./claims.ts"
import { toFailure } from "./failure.ts"
import { filesOnDisk } from "./files-disk.ts"
import { Host } from "./host.ts"
import { nginxProgram } from "./nginx-program.ts"
import { journaledOwners } from "./owners.ts"
import { directoryPacketFilter } from "./packet-filter.ts"
import { directoryPostgres } from "./postgres-directory.ts"
import { directoryQuotas } from "./quotas-directory.ts"
import { directorySql } from "./sql-directory.ts"
import { noSshd } from "./sshd.ts"
import { makeStateFolders } from "./state-folders.ts"
import { directorySystemd } from "./systemd-directory.ts"
import { directoryTenant } from "./tenant-directory.ts"
import { directoryTimers } from "./timers-directory.ts"
import { unitRunner } from "./unit-runner.ts"
import { unprivileged } from "./unprivileged.ts"

/** Folders that any Debian has, and into which controllers put theirs. */
const skeleton = [
  "/etc",
  "/etc/systemd",
  "/etc/systemd/system",
  "/home",
  "/run",
  "/var",
  "/var/lib",
  "/var/log",
] as const

/** `services` false: nothing of the tree is run, whatever this machine has; the files are all there is. */
export const directory = (folder: string, { services = true }: { readonly services?: boolean } = {}) =>
  Layer.effect(
    Host,
    Effect.gen(function* () {
      const made = yield* Effect.try({ try: () => makeRoot(folder), catch: toFailure })
      const { root, accounts, files } = made
      const isPresent = (program: string) => services && fs.existsSync(program)
      const systemd = directorySystemd(files, unitRunner(root, isPresent))
      const nginx = yield* nginxProgram(root, unprivileged, isPresent)
      yield* Effect.acquireRelease(systemd.boot, () => systemd.shutdown)
      return Host.of({
        kind: "directory",
        root,
        files,
        accounts: directoryAccounts(files, accounts),
        systemd,
        nginx,
        sql: directorySql(files),
        postgres: directoryPostgres(files),
        quotas: directoryQuotas(files),
        packetFilter: directoryPacketFilter(files),
        tenant: directoryTenant(files),
        sshd: noSshd,
        claims: noClaims(),
        timers: directoryTimers(files),
      })
    }),
  )

const makeRoot = (folder: string) => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o755 })
  const root = fs.realpathSync(resolve(folder))
  fs.mkdirSync(`${root}/etc`, { recursive: true, mode: 0o755 })
  const accounts = accountsFile(root)
  const files = filesOnDisk(root, journaledOwners(accounts, `${root}/.plumbline-owners`))
  seedAccounts(files)
  accounts.forget()
  for (const path of skeleton) files.makeDirectory(path, { owner: "root", group: "root", mode: 0o755 })
  makeStateFolders(files)
  return { root, accounts, files }
}
