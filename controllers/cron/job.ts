/**
 * The files of one job: what it may and where it is (arguments of systemd-run, one a line), its command, its variables.
 *
 * The one thing to know before changing it: the sandbox is that of the account's PHP (node/units.ts), since both run what
 * the tenant has written. Only the memory of a run may be executed: a job may be a program of any kind.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { CronJobSpec } from "../../spec/cron-job.ts"
import { plainOf } from "../../spec/secret.ts"
import * as to from "../encode/arguments.ts"
import { argument, lines, name } from "../encode/arguments.ts"
import { accountLayout, phpPrograms, platform, seenBy, sshLayout } from "../layout.ts"

/** Between asking and forcing a run to end. */
const gracePeriod = 10

export const jobFile = (job: string, record: string, spec: CronJobSpec, facts: Facts): string => {
  const account = accountLayout(spec.account)
  const home = to.path(seenBy(facts, account.home))
  return lines([
    to.word(spec.overlap, ["skip", "queue", "allow"]),
    to.uuid(record),
    argument`--description=Cron job ${name(job)}`,
    argument`--slice=${to.unit(account.slice)}`,
    argument`--property=User=${name(account.name)}`,
    argument`--property=Group=${name(account.name)}`,
    argument`--property=WorkingDirectory=${home}`,
    argument`--property=UMask=0027`,
    argument`--property=RuntimeMaxSec=${to.integer(spec.timeLimit, 1, 604_800)}`,
    argument`--property=TimeoutStopSec=${to.integer(gracePeriod, 1, 60)}`,
    argument`--property=Environment=SHELL=/bin/sh`,
    ...(facts.phpMail ? [argument`--property=Environment=PHP_INI_SCAN_DIR=:${to.path(phpPrograms.folder)}`] : []),
    ...(Object.keys(variablesOf(spec)).length === 0
      ? []
      : [argument`--property=EnvironmentFile=${to.path(seenBy(facts, `${platform.cron}/${job}.environment`))}`]),
    argument`--property=ProtectHome=tmpfs`,
    argument`--property=BindPaths=${home}`,
    argument`--property=ReadWritePaths=${home}`,
    argument`--property=ProtectSystem=strict`,
    argument`--property=InaccessiblePaths=-${to.path(seenBy(facts, sshLayout(spec.account).devices))} -${to.path(platform.logs)} -${to.path(platform.state)} -${to.path(platform.configuration)}`,
    ...sandbox.map((property) => argument`--property=${property}`),
  ])
}

const sandbox = [
  "AmbientCapabilities=",
  "CapabilityBoundingSet=",
  "LockPersonality=yes",
  "NoNewPrivileges=yes",
  "PrivateDevices=yes",
  "PrivateIPC=yes",
  "PrivateTmp=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "SystemCallArchitectures=native",
  "SystemCallErrorNumber=EPERM",
  "SystemCallFilter=@system-service",
  // With these it is kept from abstract sockets (node/apart.ts).
  "SystemCallFilter=landlock_create_ruleset landlock_restrict_self",
].map(to.literal)

/** systemd.service(5), command lines: a variable begins with one dollar, a dollar is two. The rest comes as it is. */
export const commandFile = (spec: CronJobSpec): string => to.command(spec.command)

/** What the command is given, secrets among it. */
export const variablesOf = ({ environment, secrets = {} }: CronJobSpec): { readonly [name: string]: string } => ({
  ...environment,
  ...Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, plainOf(value)])),
})

export const environmentFile = (spec: CronJobSpec): string => to.environment(variablesOf(spec))
