// The `plumb` command: what it can do, one line each. Every subcommand is a file of its own beside this one.

import * as Command from "effect/cli/Command"
import { agent } from "./agent.ts"
import { apply } from "./apply.ts"
import { audit } from "./audit.ts"
import { backups } from "./backups.ts"
import { deleteRecord } from "./delete.ts"
import { diff } from "./diff.ts"
import { drift } from "./drift.ts"
import { explain } from "./explain.ts"
import { exportRecords } from "./export.ts"
import { firstRun } from "./first-run.ts"
import { get } from "./get.ts"
import { hashPassword } from "./hash-password.ts"
import { history, rollback } from "./history.ts"
import { password } from "./password.ts"
import { pause, resume } from "./pause.ts"
import { run, runOutput, runs } from "./runs.ts"
import { schema } from "./schema.ts"
import { recoveryKey } from "./secrets.ts"
import { status } from "./status.ts"
import { traffic } from "./traffic.ts"
import { up } from "./up.ts"
import { usage } from "./usage.ts"
import { verify } from "./verify.ts"

export const plumb = Command.make("plumb").pipe(
  Command.withDescription(
    "Plumbline keeps servers true to their spec. Exit codes: 0 done, 1 differences or not converged, 2 error.",
  ),
  Command.withExamples([
    { command: "plumb up", description: "Start everything on this machine" },
    { command: "plumb apply -f fixtures/demo --wait", description: "Say what is wanted, and wait until it is so" },
    { command: "plumb status", description: "See whether it still is" },
  ]),
  Command.withSubcommands([
    {
      group: "Say what is wanted",
      commands: [apply, diff, get, exportRecords, deleteRecord, run, password, hashPassword, recoveryKey],
    },
    { group: "See what is", commands: [status, usage, traffic, explain, drift, runs, runOutput, backups] },
    { group: "Look back, and go back", commands: [history, rollback, audit, verify] },
    { group: "Hold and let go", commands: [pause, resume] },
    { group: "Run", commands: [up, agent, firstRun, schema] },
  ]),
)
