/**
 * CronJob: three files that say what is run and how, a timer that says when, and the run that somebody asked for.
 *
 * The one thing to know before changing it: timers start `cron/runner.ts` and nothing else, and it reads the files anew each
 * time. So a change of the command needs no other timer, and a run that is under way ends as it began.
 */
import { createHash } from "node:crypto"
import * as Result from "effect/Result"
import { file } from "../reconciler/resources/file.ts"
import { pathKey, userKey } from "../reconciler/resources/place.ts"
import { run } from "../reconciler/resources/run.ts"
import { timer } from "../reconciler/resources/timer.ts"
import { onCalendar, parseCron } from "../spec/cron.ts"
import type { CronJobSpec } from "../spec/cron-job.ts"
import { commandFile, environmentFile, jobFile } from "./cron/job.ts"
import { shaped, UnsafeValue } from "./encode/unsafe.ts"
import { accountLayout, cronLayout, platform } from "./layout.ts"
import { guarded, resources, waiting } from "./outcome.ts"
import { ownerOf, restsWith } from "./suspension.ts"

export const cronJob = guarded<CronJobSpec>("CronJob", ({ id, name, spec }, context) => {
  const { facts } = context
  const account = ownerOf(context, spec.account)
  if (account === undefined) return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  const rests = restsWith(account)
  const layout = cronLayout(name)
  const secret = { owner: "root", group: "root", mode: 0o600 }
  const owner = accountLayout(spec.account)
  const after = [pathKey(platform.cron)]
  const files = [
    file(
      layout.job,
      { ...secret, content: jobFile(layout.name, id, spec, facts) },
      { fields: ["spec.account", "spec.overlap", "spec.timeLimit"], after },
    ),
    file(layout.command, { ...secret, content: `${commandFile(spec)}\n` }, { fields: ["spec.command"], after }),
    ...(Object.keys(spec.environment).length === 0
      ? []
      : [
          file(
            layout.environment,
            { ...secret, content: environmentFile(spec), secret: true },
            { fields: ["spec.environment"], after },
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
    ...(spec.paused
      ? []
      : [
          timer(
            spec.overlap === "skip" ? layout.timer : layout.timerOfEach,
            { calendar: rests === undefined ? calendarOf(spec) : [] },
            { fields: ["spec.schedule", "spec.timeZone", "spec.overlap", "spec.paused"], after: ready },
          ),
        ]),
    ...(spec.runNow === undefined ? [] : [asked(id, layout.name, spec.runNow, rests !== undefined, ready)]),
  ]
  return resources(all, rests)
})

const calendarOf = ({ schedule, timeZone }: CronJobSpec): ReadonlyArray<string> => {
  const zone = shaped("a time zone", timeZone, /^[A-Za-z_]+(\/[A-Za-z0-9_+-]+){0,2}$/, "Use an IANA name.")
  const parsed = parseCron(schedule)
  if (Result.isFailure(parsed)) throw new UnsafeValue("a schedule", schedule, parsed.failure.mend)
  return onCalendar(parsed.success, zone)
}

const asked = (
  id: string,
  name: string,
  moment: string,
  passOver: boolean,
  after: ReadonlyArray<ReturnType<typeof pathKey>>,
) => {
  const askedAt = Date.parse(moment)
  if (!Number.isSafeInteger(askedAt) || askedAt < 0) throw new UnsafeValue("a moment", moment, "Use ISO 8601.")
  const hex = createHash("sha256").update(`${id} ${askedAt}`).digest("hex")
  // A UUID of our own making (RFC 9562, version 8): the same moment is the same run.
  const runId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
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
