// restic, in a room of its own. It reads what a tenant has written and holds the keys of the repository, so it is neither root
// nor the tenant: it runs as `plumb-backup`, whose processes no tenant may trace or look into, with the one capability to
// read what others may not. All that it can see is the home (which it cannot write), its own cache and repository, and the
// libraries: a link or a folder that a tenant swaps while it reads leads to nothing else, not even to /proc, where restic's
// own variables would be.
//
// The one thing to know before changing it: whatever is bound into that room can end up in a snapshot, and in the hands of the
// tenant. The variables come from a file that systemd reads as root; they are in no argument and in no property.

import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import {
  type BackupJob,
  backupUser,
  certificatesFileOf,
  repositoryInside,
  stateFolderOf,
  variablesFileOf,
} from "../resources/backup-place.ts"
import { openWay, sftpCommand, type Way, wayProperties } from "./sftp.ts"
import { Refused } from "./spool.ts"
import { environment, inUnit, unitOf } from "./unit.ts"

/** Of what is root, or more than a tenant, to the database server alone, which asks the kernel who is there. */
export const databaseSandbox = [
  "ProtectSystem=strict",
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "PrivateNetwork=yes",
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "RestrictAddressFamilies=AF_UNIX",
]

const sandbox = [
  `User=${backupUser}`,
  `Group=${backupUser}`,
  "UMask=0077",
  "MountAPIVFS=no",
  "TemporaryFileSystem=/tmp:mode=1777",
  "NoNewPrivileges=yes",
  "LimitCORE=0",
  "KeyringMode=private",
  "LockPersonality=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
  "SystemCallArchitectures=native",
  "SystemCallErrorNumber=EPERM",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~process_vm_readv process_vm_writev ptrace pidfd_getfd kcmp",
]

const seen = [
  ...["/usr/lib", "/lib", "-/lib64", "-/usr/lib64", "-/usr/share/ca-certificates", "-/usr/share/zoneinfo"],
  ...["-/etc/ssl/certs", "-/etc/resolv.conf", "-/etc/hosts", "-/etc/nsswitch.conf"],
]

/** What it shares with whoever works for it. */
const room = (job: BackupJob): ReadonlyArray<string> => [
  ...sandbox,
  `RootDirectory=${stateFolderOf(job.policy)}/root`,
  ...seen.map((one) => `BindReadOnlyPaths=${one}`),
]

const properties = (job: BackupJob, home: boolean): ReadonlyArray<string> => {
  const state = stateFolderOf(job.policy)
  const capabilities = home ? "CAP_DAC_READ_SEARCH" : ""
  return [
    ...room(job),
    `BindReadOnlyPaths=${job.restic}`,
    ...wayProperties(job),
    `BindPaths=${state}/cache:/cache`,
    ...(job.folder === null ? [] : [`BindPaths=${job.folder}:${repositoryInside}`]),
    ...(job.certificates ? [`BindReadOnlyPaths=${certificatesFileOf(job.policy)}:/certificates`] : []),
    ...(home ? [`BindReadOnlyPaths=${job.home}`] : []),
    `AmbientCapabilities=${capabilities}`,
    `CapabilityBoundingSet=${capabilities}`,
    "Environment=RESTIC_CACHE_DIR=/cache GOMAXPROCS=2 RESTIC_PROGRESS_FPS=0.1",
    `EnvironmentFile=${variablesFileOf(job.policy)}`,
  ]
}

const command = (job: BackupJob, args: ReadonlyArray<string>): ReadonlyArray<string> => [
  job.restic,
  ...(job.certificates ? ["--cacert=/certificates"] : []),
  ...(job.folder === null && job.sftp === undefined ? ["--option=s3.bucket-lookup=path"] : []),
  ...(job.sftp === undefined ? [] : [`--option=sftp.command=${sftpCommand}`]),
  ...args,
]

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

const most = 64 * 1024 * 1024

/** Runs a command to its end. What it reads, if anything, comes whole: an error in it ends the command before the end. */
export const execute = async (
  argv: ReadonlyArray<string>,
  input?: (stdin: NodeJS.WritableStream) => Promise<void>,
  output?: (stdout: Readable) => Promise<void>,
): Promise<Said> => {
  const [program = "", ...args] = argv
  const child = spawn(program, args, {
    env: environment,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => resolve(code ?? 128))
  })
  const text = async (stream: Readable | null): Promise<string> => {
    const parts: Array<Buffer> = []
    let size = 0
    for await (const part of stream ?? []) {
      size += part.length
      if (size <= most) parts.push(part)
    }
    return Buffer.concat(parts).toString("utf8")
  }
  const read = output === undefined || child.stdout === null ? text(child.stdout) : output(child.stdout).then(() => "")
  const fed = input === undefined || child.stdin === null ? Promise.resolve() : input(child.stdin)
  fed.catch(() => child.kill("SIGKILL"))
  read.catch(() => child.kill("SIGKILL"))
  const [code, out, err] = await Promise.all([ended, read.catch((cause) => cause as Error), text(child.stderr)])
  const unfed = await fed.then(
    () => undefined,
    (cause: NodeJS.ErrnoException) => cause,
  )
  if (out instanceof Error && unfed === undefined) throw out
  // Who ends early closes the pipe; why it did is told by whoever called, from what it said.
  const isClosed = unfed?.code === "EPIPE" || unfed?.code === "ERR_STREAM_PREMATURE_CLOSE"
  if (unfed !== undefined && (!isClosed || code === 0)) throw unfed
  if (out instanceof Error) throw out
  return { code, out, err }
}

/** The command, reading what it is given to the end: some are done before, and the rest is not theirs to break off. */
export const toTheEnd = (argv: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...["/bin/sh", "-c", '"$0" "$@" && exec cat > /dev/null'],
  ...argv,
]

const lastWords = (said: Said): string =>
  (said.err.trim() || said.out.trim() || `exit code ${said.code}`).split("\n").slice(-6).join("\n").slice(0, 2000)

export interface Restic {
  /** Runs restic; fails with its words unless it ends with one of these codes. */
  readonly run: (args: ReadonlyArray<string>, options?: ResticOptions) => Promise<Said>
  /** The same, of which every line is JSON. */
  readonly lines: (args: ReadonlyArray<string>, options?: ResticOptions) => Promise<ReadonlyArray<unknown>>
}

export interface ResticOptions {
  readonly codes?: ReadonlyArray<number>
  /** Whether it reads the home. */
  readonly home?: boolean
  readonly input?: (stdin: NodeJS.WritableStream) => Promise<void>
  readonly output?: (stdout: Readable) => Promise<void>
}

export const resticOf = (job: BackupJob): Restic => {
  let way: Promise<Way | undefined> | undefined
  const kill = () => execute(["systemctl", "--no-ask-password", "kill", "--signal=KILL", "--", unitOf(job, "restic")])
  // restic goes on for a quarter of an hour to ask through a way that is lost.
  let patience: NodeJS.Timeout | undefined
  const lost = () => {
    patience = setTimeout(() => void kill(), 5000)
  }
  const run: Restic["run"] = async (args, { codes = [0], home = false, input, output } = {}) => {
    way ??= openWay(job, [...room(job), "AmbientCapabilities=", "CapabilityBoundingSet="], lost)
    const open = await way
    const argv = inUnit(job, "restic", properties(job, home), command(job, args))
    const said = await execute(argv, input, output)
      .catch(async (cause) => {
        // The unit is not the child: it would take a stream that broke off for one that ended.
        await kill()
        throw cause
      })
      .finally(() => clearTimeout(patience))
    const why = said.code === 0 ? undefined : await open?.failure()
    if (why !== undefined) throw why
    if (codes.includes(said.code)) return said
    throw new Refused(`restic ${args[0]}: ${lastWords(said)}`)
  }
  return {
    run,
    lines: async (args, options) =>
      (await run(["--json", ...args], options)).out
        .split("\n")
        .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : [])),
  }
}

/** The room, made before anything runs in it. */
export const prepare = async (job: BackupJob): Promise<void> => {
  const state = stateFolderOf(job.policy)
  for (const name of ["root", "cache"]) fs.mkdirSync(`${state}/${name}`, { recursive: true, mode: 0o755 })
  fs.chmodSync(`${state}/root`, 0o755)
  fs.chmodSync(`${state}/cache`, 0o700)
  const { out } = await execute(["id", "--user", backupUser])
  const uid = Number(out.trim())
  if (!Number.isSafeInteger(uid) || uid <= 0) throw new Refused(`There is no user ${backupUser} on this host.`)
  fs.chownSync(`${state}/cache`, uid, uid)
  // What a process that was killed has left running: of this policy there is nobody else.
  await execute(["systemctl", "--no-ask-password", "stop", "--", `plumb-work.${job.policy}.*.service`])
}

/** Passes a stream on, and says afterwards how long it was and its SHA-256. */
export const measured = () => {
  const hash = createHash("sha256")
  let bytes = 0
  return {
    through: async function* (source: AsyncIterable<Buffer>) {
      for await (const part of source) {
        hash.update(part)
        bytes += part.length
        yield part
      }
    },
    result: () => ({ bytes, sha256: hash.digest("hex") }),
  }
}

export const feed = (text: string) => (stdin: NodeJS.WritableStream) => pipeline(Readable.from([text]), stdin)
