/**
 * The two templates that timers start, one instance a job. Where a run that is under way keeps the next one from starting,
 * the instance is the run; else it only starts one, which then finds out for itself whether it may (`runner.ts`).
 */
import * as to from "../encode/unit.ts"
import { unit } from "../encode/unit.ts"
import { platform } from "../layout.ts"

const runner = unit`/bin/sh ${to.path(platform.runner)}`

export const cronUnit = (): to.Unit => unit`
  [Unit]
  Description=Cron job %I
  StartLimitIntervalSec=0

  [Service]
  Type=exec
  ExecStart=${runner} %I
  TimeoutStopSec=20
  OOMScoreAdjust=-100
`

export const cronEachUnit = (): to.Unit => unit`
  [Unit]
  Description=Cron job %I, beside its other runs
  StartLimitIntervalSec=0

  [Service]
  Type=oneshot
  ExecStart=/usr/bin/systemd-run --quiet --no-ask-password --collect --property=OOMScoreAdjust=-100 -- ${runner} %I
`
