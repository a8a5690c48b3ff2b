// The program behind `plumb`: reads the arguments, runs one command, and turns how it ended into words on stderr and an exit
// code. The only place that writes an error, and the only one that exits.

import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Plumbline } from "./client.ts"
import { CommandFailure, exitCode, NotSo, wordsOf } from "./failure.ts"
import { plumb } from "./plumb.ts"
import { onSignal } from "./signals.ts"
import { clean, paintError } from "./terminal.ts"

const { version } = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
)

/** Help goes to stdout when it was asked for; a wrong call gets its mistakes on stderr, and the way to the help. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    const formatter = CliOutput.defaultFormatter({ colors: process.stdout.hasColors?.() ?? false, globalFlags: "none" })
    switch (event._tag) {
      case "Help":
        return Console.log(formatter.formatHelpDoc(event.helpDoc))
      case "Version":
        return Console.log(`plumb ${event.version}`)
      case "InvalidInvocation":
        return Effect.andThen(
          Effect.forEach(event.errors, (error) =>
            Console.error(`${paintError("red", "plumb:")} ${clean(error.message)}`),
          ),
          Console.error(`See \`${event.commandPath.join(" ")} --help\`.`),
        )
    }
  },
}

const report = (failure: CommandFailure) =>
  Effect.gen(function* () {
    for (const line of failure.details ?? []) yield* Console.error(clean(line))
    yield* Console.error(`${paintError("red", "plumb:")} ${clean(failure.message)}`)
    if (failure.mend !== undefined) yield* Console.error(clean(`  ${failure.mend}`))
  })

/** What a failure is worth as an exit code, once it has been said. */
const concluded = (error: unknown) =>
  Effect.gen(function* () {
    if (error instanceof NotSo) {
      if (error.message !== "") yield* Console.error(clean(error.message))
      return exitCode.different
    }
    if (error instanceof CommandFailure) yield* report(error)
    else if (CliError.isCliError(error)) {
      // The presenter has said it; help that was asked for is no error.
      return error._tag === "ShowHelp" && error.errors.length === 0 ? exitCode.done : exitCode.failed
    } else yield* report(new CommandFailure({ message: wordsOf(error) }))
    return exitCode.failed
  })

const program = Command.runWith(plumb, { version })(process.argv.slice(2)).pipe(
  Effect.as(exitCode.done as number),
  Effect.catchCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const error = Cause.squash(cause)
    if (!Cause.hasDies(cause)) return concluded(error)
    // A mistake of ours. Its stack is for whoever mends it, not for everybody.
    const stack = process.env["PLUMB_DEBUG"] === undefined ? [] : [Cause.pretty(cause)]
    return Effect.as(
      report(
        new CommandFailure({
          message: `a mistake in plumb itself: ${wordsOf(error)}`,
          details: stack,
          mend: stack.length === 0 ? "PLUMB_DEBUG=1 shows where" : "please report it",
        }),
      ),
      exitCode.failed,
    )
  }),
  Effect.provide(
    Layer.mergeAll(
      NodeServices.layer,
      Plumbline.layer,
      CliOutput.layerPresenter(presenter),
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
    ),
  ),
)

// `plumb get | head` closes our stdout: that is no error.
process.stdout.on("error", () => process.exit(exitCode.done))
process.stderr.on("error", () => undefined)

// The first handler, so that what a command asks for comes on top of it.
const interrupted = Latch.makeUnsafe()
onSignal(() => Latch.openUnsafe(interrupted))
const fiber = Effect.runFork(Effect.raceFirst(program, Effect.andThen(Latch.await(interrupted), Effect.interrupt)))
// Keeps the process alive while the only thing going on is waiting.
const alive = setInterval(() => undefined, 2 ** 31 - 1)
// What was written to a pipe is not through it yet: an exit would cut it off, and an export be short of records.
const through = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write("", () => resolve()))
fiber.addObserver(async (exit) => {
  clearInterval(alive)
  if (Exit.isSuccess(exit)) await Promise.all([through(process.stdout), through(process.stderr)])
  process.exit(Exit.isSuccess(exit) ? exit.value : 130)
})
