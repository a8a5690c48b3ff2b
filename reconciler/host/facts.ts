// What a host can do, looked up afresh at every start and sweep: controllers render from it, so a change of facts is a reason
// to look at every record again. Programs are this machine's, also for a directory host.

import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { letsEncrypt } from "../../spec/acme.ts"
import type { Facts, MailProgram } from "../contract/facts.ts"
import type { ResourceFailure } from "../contract/resource.ts"
import { look } from "./command.ts"
import { attempt, Host, type HostShape } from "./host.ts"
import type { HostPath } from "./path.ts"
import { hooksFolder } from "./state-folders.ts"

export interface FactsOptions {
  /** Where sites answer; 80 on a live host and 8081 on a directory host when not given. */
  readonly httpPort?: number
  /** The public half of the host's key for secrets. */
  readonly recipient?: string
  /** Where they answer over HTTPS; null: nowhere. 443 on a live host and nowhere on a directory host when not given. */
  readonly httpsPort?: number | null
  /** How certificates are ordered; a directory host orders none unless it is told to. */
  readonly acme?: Partial<Omit<Facts["acme"], "hooks">>
}

export const observeFacts = (options: FactsOptions = {}): Effect.Effect<Facts, ResourceFailure, Host> =>
  Effect.gen(function* () {
    const { kind, postgres, sql } = yield* Host
    const servers = { mariadb: yield* sql.installed, postgresql: yield* postgres.installed }
    const kernel = kind === "live" ? { landlock: yield* landlock } : {}
    return yield* attempt((host) => ({ ...factsOf(host, servers, options), ...kernel }))
  })

const factsOf = (host: HostShape, servers: Pick<Facts, "mariadb" | "postgresql">, options: FactsOptions): Facts => {
  const live = host.kind === "live"
  const { program } = host.nginx
  const sshd = host.sshd.program
  return {
    root: host.root,
    host: host.kind,
    webUser: live ? "www-data" : null,
    nginx: program === null ? null : { program: program.path, version: program.version, brotli: brotliModules() },
    sendmail: fs.existsSync(sendmail) ? sendmail : null,
    phpMail: phpMail(),
    php: installedPhp(),
    ...servers,
    sshd: sshd === null ? null : { program: sshd.path, version: sshd.version, sftpServer: sshd.sftpServer },
    bubblewrap: live && fs.existsSync(bubblewrap) ? bubblewrap : null,
    pasta: live && fs.existsSync(pasta) ? pasta : null,
    nftables: host.packetFilter.program,
    ...(options.recipient === undefined ? {} : { sealing: { recipient: options.recipient } }),
    homes: { filesystem: host.quotas.filesystem, quotas: host.quotas.kind },
    backups: fs.existsSync(restic) ? { restic, keeper: { node: process.execPath, program: keeper } } : null,
    http: {
      port: options.httpPort ?? (live ? 80 : 8081),
      https: options.httpsPort === undefined ? (live ? 443 : null) : options.httpsPort,
      // A directory host serves whoever sits at this machine.
      ipv4: live ? "0.0.0.0" : "127.0.0.1",
      ipv6: live && hasIpv6() ? "::" : null,
    },
    acme: {
      orders: live,
      directory: letsEncrypt,
      email: null,
      trust: null,
      addresses: [],
      ...options.acme,
      hooks: hooksOf(host),
    },
  }
}

/** landlock_create_ruleset(2) with LANDLOCK_CREATE_RULESET_VERSION, which is 444 on every processor. */
const landlock = look(["/usr/bin/perl", "-e", "print syscall(444, 0, 0, 1)"], 10).pipe(
  Effect.map(({ stdout }) => Math.max(0, Number.parseInt(stdout, 10) || 0)),
)

/** Root runs them, so they and their folder are to be root's alone. */
const hooksOf = ({ files }: HostShape): ReadonlyArray<string> => {
  const isRoots = (path: HostPath, type: "file" | "directory"): boolean => {
    const stat = files.stat(path)
    return stat?.type === type && stat.owner === "root" && (stat.mode & 0o022) === 0
  }
  if (!["/etc", "/etc/plumbline", hooksFolder].every((folder) => isRoots(folder as HostPath, "directory"))) return []
  return files
    .list(hooksFolder)
    .filter((name) => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name))
    .filter(
      (name) =>
        isRoots(`${hooksFolder}/${name}`, "file") && ((files.stat(`${hooksFolder}/${name}`)?.mode ?? 0) & 0o100) !== 0,
    )
}
const restic = "/usr/bin/restic"

/** What the timers of backups start: this program's own, in the Node that runs it. */
const keeper = fileURLToPath(new URL("../backups/keeper.main.ts", import.meta.url))

const bubblewrap = "/usr/bin/bwrap"
const pasta = "/usr/bin/pasta"

const sendmail = "/usr/sbin/sendmail"
const msmtp = "/usr/bin/msmtp"

/** Postfix's sendmail is a plain program that starts this one, which writes to a queue as a group of its own. */
const postdrop = "/usr/sbin/postdrop"

/** A program that has to gain rights (setuid, setgid) has none of them in the sandbox of a site. */
const phpMail = (): MailProgram | null => {
  if (fs.existsSync(sendmail)) {
    const program = fs.realpathSync(sendmail)
    const gains = (path: string) => (fs.statSync(path).mode & 0o6000) !== 0
    if (program === msmtp || !(gains(program) || (fs.existsSync(postdrop) && gains(postdrop))))
      return { program: sendmail, brings: "anywhere" }
  }
  return fs.existsSync(msmtp) ? { program: msmtp, brings: "to-this-host" } : null
}

/** Of Debian's libnginx-mod-http-brotli-filter, which fits its nginx. */
const brotliModules = (): ReadonlyArray<string> =>
  ["/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so"].filter((module) => fs.existsSync(module))

const installedPhp = (): Facts["php"] =>
  names("/usr/sbin")
    .flatMap((name) => /^php-fpm(\d+\.\d+)$/.exec(name)?.[1] ?? [])
    .map((version) => {
      const modsAvailable = `/etc/php/${version}/mods-available`
      return {
        version,
        fpm: `/usr/sbin/php-fpm${version}`,
        modsAvailable,
        extensions: names(modsAvailable).flatMap((name) => /^([a-z0-9_]+)\.ini$/.exec(name)?.[1] ?? []),
      }
    })

const names = (folder: string): ReadonlyArray<string> => (fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [])

const hasIpv6 = (): boolean =>
  fs.existsSync("/proc/net/if_inet6") && fs.readFileSync("/proc/net/if_inet6", "utf8").trim() !== ""
