/**
 * Where everything is on a host, and what it is called there: the only place that puts names into paths, units and
 * upstreams. Each name is checked again here, since a path from a hostile record would be as bad as text from one.
 *
 * The one thing to know before changing it: these are paths on the host. Whatever a *process* of the host opens goes through
 * `seenBy`, because on a directory host the same file stands below a folder.
 */
import { createHash } from "node:crypto"
import type { Facts } from "../reconciler/contract/facts.ts"
import {
  backupStateFolder,
  backupsFolder,
  backupUser,
  certificatesFileOf,
  hostKeysFileOf,
  identityFileOf,
  jobFileOf,
  restoreFileOf,
  stateFolderOf,
  variablesFileOf,
} from "../reconciler/resources/backup-place.ts"
import { challenges, pairsFolder } from "../reconciler/resources/certificate-place.ts"
import { databasesFolder } from "../reconciler/resources/database-entry.ts"
import { keepSessionsMark, keyFile, keysFolder, sshKeys } from "../reconciler/resources/ssh-place.ts"
import { suspensionsFolder } from "../reconciler/resources/suspension-place.ts"
import { trafficFolder } from "../reconciler/resources/traffic-place.ts"
import { escapeUnitName, instanceName, sliceName } from "../reconciler/resources/unit-name.ts"
import { shaped, UnsafeValue } from "./encode/unsafe.ts"

export type HostPath = `/${string}`

/** The path as a program of the host has to be given it. */
export const seenBy = (facts: Facts, path: HostPath): string => `${facts.root}${path}`

/** Whose group lets nginx's workers in. A directory host notes it like any other name. */
export const webGroup = (facts: Facts): string => facts.webUser ?? "www-data"

const accountName = (name: string): string => {
  const mend = "Use 1 to 31 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash."
  const checked = shaped("the name of an account", name, /^[a-z](?:[a-z0-9-]{0,29}[a-z0-9])?$/, mend)
  if (/^(?:root|www-data|nobody|plumb.*|systemd-.*)$/.test(checked))
    throw new UnsafeValue("the name of an account", name, "This name belongs to the system.")
  return checked
}

const recordName = (name: string): string =>
  shaped(
    "the name of a record",
    name,
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "Use 1 to 63 lower-case letters, digits and dashes, with a letter or digit at both ends.",
  )

/** What a site is called in paths of the platform. */
export const siteName = recordName

const phpVersion = (version: string): string =>
  shaped("a version of PHP", version, /^[5-9]\.\d{1,2}$/, "Use major and minor: 8.2.")

const configuration = "/etc/plumbline" satisfies HostPath
const state = "/var/lib/plumbline" satisfies HostPath
const logs = "/var/log/plumbline" satisfies HostPath

/**
 * What PHP reads besides its own where no site starts it, in cron jobs and jails: `PHP_INI_SCAN_DIR` names it, behind the empty word for PHP's own. Beside the platform's folder, which is not in
 * sight there. https://www.php.net/manual/en/configuration.file.php#configuration.file.scan
 */
export const phpPrograms = {
  folder: "/etc/plumbline-php",
  mail: "/etc/plumbline-php/mail.ini",
} as const satisfies Record<string, string>

/** Folders and files of the platform itself. */
export const platform = {
  configuration,
  state,
  logs,
  pages: `${configuration}/pages`,
  php: `${configuration}/php`,
  nginx: `${configuration}/nginx`,
  nginxLive: `${configuration}/nginx/live`,
  nginxNext: `${configuration}/nginx/next`,
  /** nginx's own folder for pid and temporary files. Not in /run: `nginx -t` wants it before the unit ever ran. */
  nginxState: `${state}/nginx`,
  /** Answers of PHP that are kept for a moment, a folder a site. */
  nginxCache: `${state}/nginx/cache`,
  /** Who may enter which area of a site: root's, for nginx's workers to read. */
  passwords: `${configuration}/nginx/passwords`,
  /** What answers to the challenges of ACME; every server block has it. */
  acmeLocation: `${configuration}/nginx/acme.conf`,
  /** The answers: root's, for nginx's workers to read. */
  acme: `${state}/acme`,
  challenges,
  /** Certificates with their keys: root's, for nginx's workers to read, who may not list them. */
  pairs: pairsFolder,
  nginxLogs: `${logs}/nginx`,
  /** A line for each request, of numbers alone: what the agent counts. */
  traffic: trafficFolder,
  trafficLog: `${trafficFolder}/traffic.log`,
  siteLogs: `${logs}/sites`,
  units: "/etc/systemd/system",
  nginxUnit: "plumb-nginx.service",
  nginxUnitFile: "/etc/systemd/system/plumb-nginx.service",
  /** A mark for each account that is suspended: nothing of it starts. */
  suspended: suspensionsFolder,
  /** What nginx does for the sites of those accounts. */
  suspendedRules: `${configuration}/nginx/suspended.conf`,
  /** The files of cron jobs, for root alone: they hold variables. */
  cron: `${configuration}/cron`,
  /** What a cron job's timer starts. */
  runner: `${configuration}/cron-run`,
  cronUnitFile: "/etc/systemd/system/plumb-cron@.service",
  cronEachUnitFile: "/etc/systemd/system/plumb-cron-each@.service",
  /** Which databases each account has: for whoever keeps or counts what an account has. */
  databases: databasesFolder,
  /** Whom to tell when a run of a record fails: root's alone, with the keys of signatures. */
  notify: `${configuration}/notify`,
  /** Runs that have ended, for the agent to fetch. */
  runs: `${state}/runs`,
  /** What accounts may reach on the host's own addresses. */
  filters: `${configuration}/nftables`,
  loopbackFilter: `${configuration}/nftables/loopback.nft`,
  loopbackTable: "plumb_loopback",
  loopbackUnit: "plumb-loopback.service",
  loopbackUnitFile: "/etc/systemd/system/plumb-loopback.service",
  logrotate: `${configuration}/logrotate.conf`,
  /** How the logs of one record are rotated. */
  rotations: `${configuration}/logrotate`,
  rotationState: `${state}/logrotate.state`,
  rotationUnit: "plumb-logrotate.service",
  rotationUnitFile: "/etc/systemd/system/plumb-logrotate.service",
  rotationTimer: "plumb-logrotate.timer",
  rotationTimerFile: "/etc/systemd/system/plumb-logrotate.timer",
} as const satisfies Record<string, string>

/** Folders and names of one account. */
export const accountLayout = (account: string) => {
  const name = accountName(account)
  const home: HostPath = `/home/${name}`
  return {
    name,
    home,
    sites: `${home}/sites` satisfies HostPath,
    private: `${home}/private` satisfies HostPath,
    /** Uploads in progress and sessions of PHP. */
    tmp: `${home}/tmp` satisfies HostPath,
    /** What the account's own programs write about themselves. */
    logs: `${home}/logs` satisfies HostPath,
    slice: sliceName(name),
    /** There while the account is suspended. */
    suspended: `${platform.suspended}/${name}` satisfies HostPath,
  } as const
}

const segment = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/

/** Folders and names of one site. `documentRoot` is relative to the site's folder. */
export const siteLayout = (site: string, account: string, documentRoot: string) => {
  const name = recordName(site)
  const tree: HostPath = `${accountLayout(account).sites}/${name}`
  const mend = "Use a relative path such as public, of letters, digits, dots, dashes and underscores."
  const segments = documentRoot.split("/").map((part) => shaped("a document root", part, segment, mend))
  return {
    name,
    tree,
    /** The first folder that the tenant can write: root never goes below it. */
    tenantRoot: `${tree}/${segments[0]}` satisfies HostPath,
    documentRoot: `${tree}/${segments.join("/")}` satisfies HostPath,
    logs: `${logs}/sites/${name}` satisfies HostPath,
    rotation: `${platform.rotations}/site-${name}` satisfies HostPath,
    cache: `${platform.nginxCache}/${name}` satisfies HostPath,
    /** Named by the path and not by its place in the list: what moves in the list stays what it is. */
    passwords: (area: string): HostPath =>
      `${platform.passwords}/${name}-${createHash("sha256").update(area).digest("hex").slice(0, 16)}`,
    member: `sites/${name}.conf`,
  } as const
}

/** What one version of PHP has on a host, for all accounts. */
export const phpVersionLayout = (version: string) => {
  const template = `plumb-php${phpVersion(version)}`
  return {
    template,
    unitFile: `${platform.units}/${template}@.service` satisfies HostPath,
    configuration: `${platform.php}/${version}` satisfies HostPath,
  } as const
}

/** Files and names of an account's PHP in one version. */
export const phpLayout = (account: string, version: string) => {
  const name = accountName(account)
  const shared = phpVersionLayout(version)
  return {
    ...shared,
    pool: `${shared.configuration}/${name}.conf` satisfies HostPath,
    ini: `${shared.configuration}/${name}.ini` satisfies HostPath,
    slowLog: `${accountLayout(name).logs}/php-${version}-slow.log` satisfies HostPath,
    rotation: `${platform.rotations}/php-${version}-${name}` satisfies HostPath,
    socket: `/run/${shared.template}/${name}/php.sock` satisfies HostPath,
    unit: instanceName(shared.template, name),
  } as const
}

/** What a Php record is called in nginx, whichever version it has. */
export const upstreamLayout = (php: string) => {
  const name = recordName(php)
  return { upstream: `php_${name}`, member: `php/${name}.conf` } as const
}

/** What a host has for SSH, once and for all accounts. */
export const ssh = {
  folder: `${configuration}/ssh`,
  keys: sshKeys,
  /** First in the alphabet: in sshd's Match blocks the first value wins. */
  dropIn: "/etc/ssh/sshd_config.d/00-plumbline.conf",
  pam: "/etc/pam.d/sshd",
  /** What PAM runs when a session opens. */
  session: `${configuration}/ssh/session`,
  /** The login shell of those who have a jail. */
  jail: `${configuration}/ssh/jail`,
  /** The system calls that it refuses. */
  jailFilter: `${configuration}/ssh/jail-filter`,
  /** What writes down transfers. */
  transfers: `${configuration}/ssh/transfers`,
  transfersTemplate: "plumb-transfers",
  accountLogs: `${logs}/accounts`,
  rotation: `${platform.rotations}/transfers`,
} as const satisfies Record<string, string>

/** Groups that say what an account's keys open, and the user that looks keys up. Numbers below those of accounts. */
export const sshGroups = {
  sftp: "plumb-sftp",
  jail: "plumb-jail",
  password: "plumb-password",
  keys: "plumb-ssh",
} as const
export const sshNumbers = { sftp: 9901, jail: 9902, password: 9903, keys: 9904 } as const satisfies Record<
  keyof typeof sshGroups,
  number
>

/** What one account has for SSH. */
export const sshLayout = (account: string) => {
  const { home, name } = accountLayout(account)
  return {
    keys: keysFolder(name),
    key: (record: string): HostPath => keyFile(name, recordName(record)),
    keepSessions: `${keysFolder(name)}/${keepSessionsMark}` satisfies HostPath,
    /** Where SFTP in its chroot finds the socket that it writes its log to. */
    devices: `${home}/dev` satisfies HostPath,
    logs: `${ssh.accountLogs}/${name}` satisfies HostPath,
    socket: instanceName(ssh.transfersTemplate, name).replace(/service$/, "socket"),
  } as const
}

/** Whom to tell when a run of a record fails. */
export const notifyPath = (kind: string, record: string): HostPath =>
  `${platform.notify}/${shaped("a kind", kind, /^[A-Z][A-Za-z]{1,40}$/, "Use its name.")}.${recordName(record)}`

/** Files and timers of a cron job. */
export const cronLayout = (job: string) => {
  const name = recordName(job)
  const path: HostPath = `${platform.cron}/${name}`
  return {
    name,
    job: `${path}.job` satisfies HostPath,
    command: `${path}.command` satisfies HostPath,
    environment: `${path}.environment` satisfies HostPath,
    timer: `plumb-cron@${escapeUnitName(name)}.timer`,
    timerOfEach: `plumb-cron-each@${escapeUnitName(name)}.timer`,
  } as const
}

/** What a host has for the backups of all accounts. */
export const backups = {
  folder: backupsFolder,
  state: backupStateFolder,
  user: backupUser,
  /** Below the numbers of accounts, above those of Debian's own. */
  uid: 9905,
  unitFile: "/etc/systemd/system/plumb-backup@.service",
  checkUnitFile: "/etc/systemd/system/plumb-check@.service",
  drillUnitFile: "/etc/systemd/system/plumb-drill@.service",
  /** Beside the folder of policies, whose names are the tenants'. */
  turn: `${platform.configuration}/backup-turn`,
} as const

/** Files and timers of a backup policy. */
export const backupLayout = (policy: string) => {
  const name = recordName(policy)
  const instance = escapeUnitName(name)
  return {
    name,
    job: jobFileOf(name),
    variables: variablesFileOf(name),
    certificates: certificatesFileOf(name),
    identity: identityFileOf(name),
    hostKeys: hostKeysFileOf(name),
    state: stateFolderOf(name),
    timer: `plumb-backup@${instance}.timer`,
    checkTimer: `plumb-check@${instance}.timer`,
    drillTimer: `plumb-drill@${instance}.timer`,
  } as const
}

/** What a restore is told. */
export const restoreFile = (restore: string): HostPath => restoreFileOf(recordName(restore))

/** Where it stands that an account has a database. Neither name has a dot in it; each server may have one of the name. */
export const databaseEntry = (account: string, database: string, engine: "mariadb" | "postgresql"): HostPath =>
  `${databasesFolder}/${accountName(account)}.${database}${engine === "mariadb" ? "" : `.${engine}`}`
