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
import { accountLayout, cronLayout, platform } from "./layout.ts"
import { cannotTell, toldOnFailure } from "./on-failure.ts"
import { guarded, resources, waiting } from "./outcome.ts"
import { ownerOf, restsWith } from "./suspension.ts"

export const cronJob = guarded<CronJobSpec>("CronJob", ({ id, kind, name, spec }, context) => {
  const { facts } = context
  const account = ownerOf(context, spec.account)
  if (account === undefined) return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  const rests = restsWith(account)
  const layout = cronLayout(name)
  const secret = { owner: "root", group: "root", mode: 0o600 }
  const owner = accountLayout(spec.account)
  const mute = rests === undefined ? cannotTell(spec, facts) : undefined
  if (mute !== undefined) return mute
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
  const ready = [
    ...files.map((each) => pathKey(each.id)),
    ...[platform.runner, platform.cronUnitFile, platform.cronEachUnitFile].map(pathKey),
    ...[owner.home, owner.private].map(pathKey),
    userKey(owner.name),
  ]
  const all = [
    ...files,
    ...toldOnFailure(kind, layout.name, spec),
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
