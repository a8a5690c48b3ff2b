/**
 * CronJob: three files that say what is run and how, a timer that says when, and the run that somebody asked for.
 *
 * The one thing to know before changing it: timers start `cron/runner.ts` and nothing else, and it reads the files anew each
 * time. So a change of the command needs no other timer, and a run that is under way ends as it began.
 */
import { file } from "../reconciler/resources/file.ts"
import { pathKey, userKey } from "../reconciler/resources/place.ts"
import { run } from "../reconciler/resources/run.ts"
import { timer } from "../reconciler/resources/timer.ts"
import type { CronJobSpec } from "../spec/cron-job.ts"
import { commandFile, environmentFile, jobFile, variablesOf } from "./cron/job.ts"
import { calendarOf } from "./encode/calendar.ts"
import { askedRun } from "./encode/moment.ts"
import { notifyFile } from "./encode/notify.ts"
import { accountLayout, cronLayout, platform } from "./layout.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { ownerOf, restsWith } from "./suspension.ts"

export const cronJob = guarded<CronJobSpec>("CronJob", ({ id, name, spec }, context) => {
  const { facts } = context
  const account = ownerOf(context, spec.account)
  if (account === undefined) return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  const rests = restsWith(account)
  const layout = cronLayout(name)
  const secret = { owner: "root", group: "root", mode: 0o600 }
  const owner = accountLayout(spec.account)
  if (
    rests === undefined &&
    spec.onFailure?.mail !== undefined &&
    typeof facts.sendmail !== "string" &&
    facts.host === "live"
  )
    return stalled(
      "SendmailAbsent",
      "This node sends no mail: it has no /usr/sbin/sendmail.",
      "Install a mail server (or dma, msmtp-mta), or take spec.onFailure.mail away.",
    )
  const after = [pathKey(platform.cron)]
  const files = [
    file(
      layout.job,
      { ...secret, content: jobFile(layout.name, id, spec, facts) },
      { fields: ["spec.account", "spec.overlap", "spec.timeLimit"], after },
    ),
    file(layout.command, { ...secret, content: `${commandFile(spec)}\n` }, { fields: ["spec.command"], after }),
    ...(Object.keys(variablesOf(spec)).length === 0
      ? []
      : [
          file(
            layout.environment,
            { ...secret, content: environmentFile(spec), secret: true },
            { fields: ["spec.environment", "spec.secrets"], after },
          ),
        ]),
  ]
  const told =
    spec.onFailure === undefined
      ? []
      : [
          file(
            layout.notify,
            { ...secret, content: notifyFile(spec.onFailure), secret: true },
            { fields: ["spec.onFailure"], after: [pathKey(platform.notify)] },
          ),
        ]
  const ready = [
    ...files.map((each) => pathKey(each.id)),
    ...[platform.runner, platform.cronUnitFile, platform.cronEachUnitFile].map(pathKey),
    ...[owner.home, owner.private].map(pathKey),
    userKey(owner.name),
  ]
  const all = [
    ...files,
    ...told,
    ...(spec.paused
      ? []
      : [
          timer(
            spec.overlap === "skip" ? layout.timer : layout.timerOfEach,
            { calendar: rests === undefined ? calendarOf(spec.schedule, spec.timeZone) : [] },
            { fields: ["spec.schedule", "spec.timeZone", "spec.overlap", "spec.paused"], after: ready },
          ),
        ]),
    ...(spec.runNow === undefined ? [] : [asked(id, layout.name, spec.runNow, rests !== undefined, ready)]),
  ]
  const idle =
    facts.host === "directory" ? ["This host is a folder, in which no job runs: try it on a real Debian."] : []
  return resources(all, rests, idle)
})

const asked = (
  id: string,
  name: string,
  moment: string,
  passOver: boolean,
  after: ReadonlyArray<ReturnType<typeof pathKey>>,
) => {
  const { askedAt, runId } = askedRun(id, moment)
  return run(
    `CronJob.${name}`,
    {
      askedAt,
      unit: `plumb-asked-${runId}.service`,
      argv: ["/bin/sh", platform.runner, name, runId, String(askedAt)],
      ...(passOver ? { passOver } : {}),
    },
    { fields: ["spec.runNow"], after },
  )
}
