// Runs a command that changes the host and is told what it needs by its standard input: everybody on a host sees the
// arguments of a command, and nobody what it reads. What it was told is in no message of its failure.

import * as Effect from "effect/Effect"
import { execa } from "execa"
import { ResourceFailure } from "../contract/resource.ts"
import { sideEffectOf } from "./side-effect.ts"

const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" }

export const tell = (argv: readonly [string, ...Array<string>], input: string): Effect.Effect<void, ResourceFailure> =>
  sideEffectOf(
    argv.join(" "),
    Effect.tryPromise({
      try: (signal) =>
        execa(argv[0], argv.slice(1), {
          reject: false,
          extendEnv: false,
          env: environment,
          input,
          timeout: 60_000,
          cancelSignal: signal,
        }),
      catch: () => failed(argv[0], "it could not be run"),
    }),
  ).pipe(
    Effect.flatMap(({ exitCode, stderr }) => {
      if (exitCode === 0) return Effect.void
      const secrets = input.split(/[\n:]/).filter((part) => part.length >= 8)
      const words = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), stderr)
      return Effect.fail(failed(argv[0], words.trim().slice(0, 500) || `exit code ${exitCode}`))
    }),
  )

const failed = (program: string, why: string) =>
  new ResourceFailure({ reason: "CommandFailed", message: `${program}: ${why}`, verdict: { kind: "retry" } })
