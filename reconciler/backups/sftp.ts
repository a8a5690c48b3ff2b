// The way to a repository on an SFTP server: ssh, in a room of its own that has the key and the network, and neither the home
// nor the password of the repository. restic has no network then: what it takes for ssh passes everything on through a socket.
//
// The one thing to know before changing it: what is in restic's room can end up in a snapshot, when a tenant swaps a folder for a
// link while it reads. So the key is in ssh's room alone, as a credential of its unit. systemd.exec(5), ssh_config(5).

import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { createServer, type Server } from "node:net"
import { type BackupJob, hostKeysFileOf, identityFileOf, sftpAlias, stateFolderOf } from "../resources/backup-place.ts"
import { Refused } from "./spool.ts"
import { environment, inUnit, unitOf } from "./unit.ts"

const ssh = "/usr/bin/ssh"

/** Where restic's room has them. */
const [relayInside, socketInside] = ["/relay", "/way/sftp"]

/** restic splits it at blanks, and there is nothing in it but what stands here. */
export const sftpCommand = `/usr/bin/perl ${relayInside} ${socketInside}`

/** Its standard input into the socket, the socket to its standard output. It ends as ssh would when the other side went away. */
const relay = `use strict;
use warnings;
use Socket;
my $way;
socket($way, PF_UNIX, SOCK_STREAM, 0) && connect($way, pack_sockaddr_un($ARGV[0])) or die "no way to ssh: $!\\n";
sub pass {
  my ($from, $to) = @_;
  while (my $length = sysread $from, my $part, 262144) {
    for (my $at = 0; $at < $length;) {
      my $written = syswrite $to, $part, $length - $at, $at;
      return unless defined $written;
      $at += $written;
    }
  }
}
my $there = fork // die "no process: $!\\n";
if ($there == 0) {
  close STDOUT;
  pass(*STDIN, $way);
  shutdown $way, 1;
  exit 0;
}
close STDIN;
pass($way, *STDOUT);
for (1 .. 20) {
  exit 0 if waitpid($there, 1) == $there;
  select undef, undef, undef, 0.01;
}
kill 9, $there;
exit 255;
`

/** What restic's room has in addition. */
export const wayProperties = (job: BackupJob): ReadonlyArray<string> =>
  job.sftp === undefined
    ? []
    : ["PrivateNetwork=yes", "BindReadOnlyPaths=/usr/bin/perl", `BindReadOnlyPaths=${folderOf(job)}:/way`]

const folderOf = (job: BackupJob): string => `${stateFolderOf(job.policy)}/way`

const option = (name: string, value: string | number): ReadonlyArray<string> => ["-o", `${name}=${value}`]

/** Nothing is asked, nobody else's settings are read, and one key of each side is believed. */
const command = (job: BackupJob, { host, port, user }: NonNullable<BackupJob["sftp"]>, role: string) => {
  const credentials = `/run/credentials/${unitOf(job, role)}`
  return [
    ...[ssh, "-F", "none"],
    ...option("HostName", host),
    ...option("Port", port),
    ...option("User", user),
    ...option("HostKeyAlias", sftpAlias),
    ...option("UserKnownHostsFile", `${credentials}/hosts`),
    ...option("GlobalKnownHostsFile", "none"),
    ...option("StrictHostKeyChecking", "yes"),
    ...option("UpdateHostKeys", "no"),
    ...option("IdentityFile", `${credentials}/identity`),
    ...option("IdentitiesOnly", "yes"),
    ...option("IdentityAgent", "none"),
    ...option("PreferredAuthentications", "publickey"),
    ...option("BatchMode", "yes"),
    ...option("ClearAllForwardings", "yes"),
    ...option("ForwardAgent", "no"),
    ...option("ForwardX11", "no"),
    ...option("PermitLocalCommand", "no"),
    ...option("ControlPath", "none"),
    ...option("EscapeChar", "none"),
    ...option("ConnectTimeout", 20),
    ...option("ServerAliveInterval", 15),
    ...option("ServerAliveCountMax", 4),
    ...option("LogLevel", "ERROR"),
    ...["-s", sftpAlias, "sftp"],
  ]
}

/** ssh's words when it ends by itself (its exit code is 255 then), and what to do about them. Pure. */
export const reasonOf = (words: string, { host, port, user }: NonNullable<BackupJob["sftp"]>): Refused => {
  const last = words.trim().split("\n").slice(-3).join(" ").replaceAll("\r", "").slice(0, 500)
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION|No .* host key is known/i.test(words))
    return new Refused(
      `The server ${host} proves itself by another key than those in spec.repository.sftp.hostKeys.`,
      "If its key was changed on purpose, write the new one there. If not, somebody is in between.",
    )
  if (/Permission denied/i.test(words))
    return new Refused(
      `The server ${host} does not let ${user} in with the key of spec.repository.sftp.privateKey.`,
      `Put its public half (ssh-keygen -y -f FILE) where ${host} looks for the keys of ${user}.`,
    )
  if (/subsystem request failed/i.test(words))
    return new Refused(`The server ${host} lets ${user} in, and has no SFTP.`, "Let it serve SFTP to this user.")
  if (/Could not resolve|Connection refused|timed out|No route|unreachable/i.test(words))
    return new Refused(
      `The server ${host} cannot be reached at port ${port}: ${last}`,
      "Look at its name and port, and at firewalls.",
    )
  return new Refused(`The way to ${host} broke off: ${last === "" ? "without a word" : last}`)
}

export interface Way {
  /** Why the last ssh ended by itself. Waits until every one has ended. */
  readonly failure: () => Promise<Refused | undefined>
}

/** Open until this process ends. `lost` is called when an ssh ended by itself: nothing goes through any more. */
export const openWay = async (
  job: BackupJob,
  properties: ReadonlyArray<string>,
  lost: () => void,
): Promise<Way | undefined> => {
  const server = job.sftp
  if (server === undefined) return undefined
  if (!fs.existsSync(ssh)) throw new Refused("This node has no ssh.", "Install openssh-client on the node.")
  fs.writeFileSync(`${stateFolderOf(job.policy)}/root${relayInside}`, relay, { mode: 0o644 })
  fs.rmSync(folderOf(job), { recursive: true, force: true })
  fs.mkdirSync(folderOf(job), { mode: 0o755 })
  const room = [
    ...properties,
    ...[ssh, "/etc/passwd", "/dev/null"].map((one) => `BindReadOnlyPaths=${one}`),
    `LoadCredential=identity:${identityFileOf(job.policy)}`,
    `LoadCredential=hosts:${hostKeysFileOf(job.policy)}`,
  ]
  let failure: Refused | undefined
  let count = 0
  const running = new Set<Promise<void>>()
  // The socket itself becomes ssh's standard input and output: nothing is read of it here.
  const listening = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const role = `ssh${++count}`
    failure = undefined
    const [program = "", ...args] = inUnit(job, role, room, command(job, server, role))
    const child = spawn(program, args, { env: environment, stdio: [socket, socket, "pipe"] })
    socket.destroy()
    let words = ""
    child.stderr?.on("data", (part) => {
      words = `${words}${part}`.slice(-4000)
    })
    const ended = new Promise<void>((resolve) => {
      child.once("error", () => resolve())
      child.once("close", (code) => {
        if (code !== 0 && (code === 255 || words.trim() !== "")) {
          failure = reasonOf(words, server)
          lost()
        }
        resolve()
      })
    }).finally(() => running.delete(ended))
    running.add(ended)
  })
  await listen(listening, `${folderOf(job)}/sftp`)
  return {
    failure: async () => {
      await Promise.all(running)
      return failure
    },
  }
}

/** For restic's user to connect to; the folder above is root's alone. */
const listen = async (server: Server, path: string): Promise<void> => {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, () => resolve()))
  fs.chmodSync(path, 0o666)
  server.unref()
}
