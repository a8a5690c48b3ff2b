// `plumb agent`: runs the agent in the foreground, as its systemd unit does. It is a program of its own that reads the
// database; this command only starts it, passes signals on, and ends with its exit code.

import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CommandFailure } from "./failure.ts"

export const agentProgram = fileURLToPath(new URL("../../reconciler/main.ts", import.meta.url))

export const agent = Command.make(
  "agent",
  {
    node: Flag.String("node").pipe(Flag.withDescription("This host's name (PLUMB_NODE)"), Flag.optional),
    host: Flag.Literals("host", ["live", "directory"]).pipe(
      Flag.withDescription("live: this machine, as root; directory: a folder (PLUMB_HOST)"),
      Flag.optional,
    ),
    root: Flag.String("root").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("The folder of a directory host (PLUMB_HOST_ROOT)"),
      Flag.optional,
    ),
  },
  Effect.fn(function* (input) {
    const given = { PLUMB_NODE: input.node, PLUMB_HOST: input.host, PLUMB_HOST_ROOT: input.root }
    const env = {
      ...process.env,
      ...Object.fromEntries(
        Object.entries(given).flatMap(([key, value]) => (Option.isSome(value) ? [[key, value.value]] : [])),
      ),
    }
    if (env["DATABASE_URL"] === undefined || env["DATABASE_URL"] === "") {
      return yield* new CommandFailure({
        message: "the agent does not know its database",
        mend: "set DATABASE_URL; on this machine `npm start` runs an agent already",
      })
    }
    const code = yield* Effect.callback<number, CommandFailure>((resume) => {
      const child = spawn(process.execPath, [agentProgram], { env, stdio: "inherit" })
      child.once("error", (error) => resume(Effect.fail(new CommandFailure({ message: error.message }))))
      child.once("exit", (code, signal) => resume(Effect.succeed(signal === null ? (code ?? 2) : 130)))
      // Interrupted: ask it to end, and wait until it has.
      return Effect.callback<void>((done) => {
        child.once("exit", () => done(Effect.void))
        if (child.exitCode !== null || child.signalCode !== null) done(Effect.void)
        child.kill("SIGTERM")
      })
    })
    if (code !== 0) return yield* Effect.sync(() => process.exit(code))
  }),
).pipe(
  Command.withDescription("Run the agent in the foreground, as its systemd unit does"),
  Command.withExamples([
    { command: "DATABASE_URL=postgres://… plumb agent --node web1 --host live", description: "On a server, as root" },
  ]),
)
