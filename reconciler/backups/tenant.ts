// Work in the tree of a tenant, done as that tenant: `unpack.main.ts` in a sandbox like that of its cron jobs, with no network and
// no key. What a link leads to there, it leads to with the tenant's own rights.

import { dirname } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import type { BackupJob } from "../resources/backup-place.ts"
import { execute } from "./restic.ts"
import { Refused } from "./spool.ts"
import { inUnit } from "./unit.ts"

const here = dirname(fileURLToPath(import.meta.url))

/** Where it finds its programs, in its sandbox alone (hence `env`): the platform itself may be where no tenant looks. */
const [node, code] = ["/run/plumbline-unpack/node", "/run/plumbline-unpack/code"]

const properties = (job: BackupJob): ReadonlyArray<string> => [
  `User=${job.account}`,
  `Group=${job.account}`,
  "UMask=0077",
  "ProtectHome=tmpfs",
  `BindPaths=${job.home}`,
  "ProtectSystem=strict",
  `ReadWritePaths=${job.home}`,
  `BindReadOnlyPaths=${process.execPath}:${node}`,
  `BindReadOnlyPaths=${here}:${code}`,
  "InaccessiblePaths=-/var/log/plumbline -/var/lib/plumbline -/etc/plumbline",
  "AmbientCapabilities=",
  "CapabilityBoundingSet=",
  "LockPersonality=yes",
  "NoNewPrivileges=yes",
  "PrivateDevices=yes",
  "PrivateIPC=yes",
  "PrivateNetwork=yes",
  "PrivateTmp=yes",
  "ProtectControlGroups=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "SystemCallArchitectures=native",
  "SystemCallErrorNumber=EPERM",
  "SystemCallFilter=@system-service",
]

export const asTenant = async (
  job: BackupJob,
  args: ReadonlyArray<string>,
  input?: (stdin: NodeJS.WritableStream) => Promise<void>,
  output?: (stdout: Readable) => Promise<void>,
): Promise<string> => {
  const argv = inUnit(job, "tenant", properties(job), [
    "/usr/bin/env",
    node,
    "--no-warnings",
    `${code}/unpack.main.ts`,
    ...args,
  ])
  const said = await execute(argv, input, output)
  if (said.code === 0) return said.out
  const words = said.err.split("\n").find((line) => /Error: /.test(line)) ?? said.err.trim().slice(-1000)
  throw new Refused(`As ${job.account}: ${words === "" ? `exit code ${said.code}` : words.trim()}`)
}
