// `plumb hash-password`: the verifier of a password, for a record. The password is typed or comes on stdin, and goes nowhere:
// not into the arguments of a process, not over the network, not into a record.

import { randomBytes } from "node:crypto"
import * as Command from "effect/cli/Command"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { saltFrom, sha512Crypt } from "../sha512-crypt.ts"
import { CommandFailure } from "./failure.ts"
import { print } from "./terminal.ts"

/** More than anybody types: what is longer is a file that was meant for something else. */
const longest = 1024

const typed = Prompt.run(Prompt.Password({ message: "Password" })).pipe(
  Effect.map(Redacted.value),
  Effect.mapError(() => new CommandFailure({ message: "No password was given." })),
)

const piped = Effect.promise(async () => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    size += bytes.length
    if (size > 2 * longest) break
  }
  // The newline is the pipe's, not the password's.
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "")
})

export const hashPassword = Command.make(
  "hash-password",
  {},
  Effect.fn(function* () {
    const password = yield* process.stdin.isTTY ? typed : piped
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a browser cannot send these in a password (RFC 7617)
    if (password === "" || password.length > longest || /[\u0000-\u001f\u007f]/.test(password))
      return yield* new CommandFailure({
        message: "This cannot be a password.",
        mend: `Give 1 to ${longest} characters on one line, on stdin or when asked.`,
      })
    yield* print(sha512Crypt(password, saltFrom(randomBytes(16))))
  }),
).pipe(
  Command.withDescription("Make the verifier of a password, to write into a record"),
  Command.withExamples([
    { command: "plumb hash-password", description: "Ask for it" },
    { command: "pass show shop/editors | plumb hash-password", description: "Take it from a password store" },
  ]),
)
