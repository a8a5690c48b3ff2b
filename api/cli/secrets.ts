// Secrets as a file that only the recovery key opens: fetched from a node with `plumb export --secrets`, brought back with
// `plumb apply --secrets`, and `plumb recovery-key`, which makes that key.
//
// The one thing to know before changing it: secrets are in plain in this process alone, and only for `apply`. They go to the
// API sealed for the nodes, each for its place.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { encodeEnvelope, secretsOf } from "../../spec/kinds.ts"
import type { LoadedRecord } from "../../spec/load.ts"
import {
  bindingOf,
  makeKeyPair,
  parseKeyFile,
  parseRecipient,
  printKeyFile,
  seal,
  unsealCollection,
} from "../../spec/sealing.ts"
import { isSealed, valueAt, withValueAt } from "../../spec/secret.ts"
import { ask } from "./client.ts"
import { CommandFailure, wordsOf } from "./failure.ts"
import { clean, note, print } from "./terminal.ts"
import type { Loaded } from "./yaml.ts"

/** For its owner alone, and never half-written. Without `replace` nothing that is there is touched. */
const writePrivately = (path: string, text: string, replace: boolean) =>
  Effect.try({
    try: () => {
      const target = replace ? `${path}.new` : path
      if (replace) rmSync(target, { force: true })
      const fd = openSync(target, "wx", 0o600)
      try {
        writeSync(fd, text)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      if (replace) renameSync(target, path)
    },
    catch: (cause) => new CommandFailure({ message: `${path} cannot be written: ${wordsOf(cause)}` }),
  })

const refuseExisting = (path: string, mend: string) =>
  statSync(path, { throwIfNoEntry: false }) === undefined
    ? Effect.void
    : Effect.fail(new CommandFailure({ message: `${path} is there already`, mend }))

const readPrivate = (path: string) =>
  Effect.try({
    try: () => readFileSync(path),
    catch: (cause) => new CommandFailure({ message: `${path} cannot be read: ${wordsOf(cause)}` }),
  })

/** How long an agent may take. It hears of it at once; a node that is away does not. */
const patience = 45_000
const steps = 100

/** `plumb export --secrets FILE`. */
export const exportSecrets = Effect.fnUntraced(function* (path: string, force: boolean) {
  if (!force) yield* refuseExisting(path, "name another file, or replace it with --force")
  const { id, node } = yield* ask((api) => api.secrets.ask({ payload: {} }))
  const answer = yield* ask((api) => api.secrets.read({ params: { id } })).pipe(
    Effect.repeat({
      schedule: Schedule.spaced(`${steps} millis`),
      while: ({ state }) => state === "waiting",
      times: patience / steps,
    }),
    Effect.ensuring(Effect.ignore(ask((api) => api.secrets.remove({ params: { id } })))),
  )
  if (answer.state === "waiting")
    return yield* new CommandFailure({
      message: `the agent of ${node} did not answer within ${patience / 1000} s`,
      mend: "see whether it runs: plumb status",
    })
  if (answer.file === null)
    return yield* new CommandFailure({
      message: answer.failure ?? "the agent gave no file",
      ...(answer.mend === null ? {} : { mend: answer.mend }),
    })
  yield* writePrivately(path, answer.file, force)
  yield* note(
    `${answer.secrets} ${answer.secrets === 1 ? "secret" : "secrets"} in ${path}, which only the recovery key opens`,
  )
  for (const place of answer.closed) yield* note(`  left out, since ${node} cannot open it: ${clean(place)}`)
})

/** What was exported, by the place that each secret is for. */
export const openExported = Effect.fnUntraced(function* (path: string, identityPath: string) {
  const key = parseKeyFile((yield* readPrivate(identityPath)).toString("utf8"))
  if (key === undefined)
    return yield* new CommandFailure({
      message: `${identityPath} is no file with one secret key of age`,
      mend: "name the file that `plumb recovery-key` or age-keygen has written",
    })
  return yield* unsealCollection(key.identity, yield* readPrivate(path)).pipe(
    Effect.mapError(({ reason }) =>
      reason === "other-key"
        ? new CommandFailure({
            message: `${path} was sealed for another key than ${key.recipient}; nothing was written`,
            mend: "name the key that belongs to /etc/plumbline/recovery.pub of the time",
          })
        : new CommandFailure({
            message: `${path} is damaged, or no file of \`plumb export --secrets\`; nothing was written`,
          }),
    ),
  )
})

const recipients = Effect.gen(function* () {
  const { nodes } = yield* ask((api) => api.live.status({ query: { kind: "Node" } }))
  return nodes.flatMap(({ facts }) => {
    const { sealing } = facts
    const recipient =
      typeof sealing === "object" && sealing !== null && "recipient" in sealing ? sealing["recipient"] : ""
    return parseRecipient(String(recipient)) ?? []
  })
})

/** The records of `apply` with those secrets in their places, sealed for the nodes that there are now. */
export const withSecrets = Effect.fnUntraced(function* (loaded: Loaded, secrets: ReadonlyMap<string, string>) {
  const keys = yield* recipients
  if (keys.length === 0)
    return yield* new CommandFailure({
      message: "no node has a key yet that the secrets could be sealed for; nothing was written",
      mend: "start the agent of a node first",
    })
  const unused = new Map(secrets)
  const placed = ({ envelope }: LoadedRecord) =>
    Effect.gen(function* () {
      const encoded = encodeEnvelope(envelope)
      const record = { kind: encoded.kind, name: encoded.metadata.name }
      let spec: unknown = encoded.spec
      for (const { label, path } of secretsOf(envelope)) {
        const place = bindingOf(record, label)
        const value = unused.get(place)
        if (value === undefined) continue
        unused.delete(place)
        const written = valueAt(spec, path)
        if (written !== undefined && !isSealed(written)) {
          yield* note(`${place} is in the records in plain, and stays so`)
          continue
        }
        spec = withValueAt(spec, path, yield* seal(keys, { for: place, value }))
      }
      return { ...encoded, spec } as typeof encoded
    })
  const records = yield* Effect.forEach(loaded.origins, placed)
  for (const place of unused.keys()) yield* note(`left out, since no record has the place: ${clean(place)}`)
  return { ...loaded, records } satisfies Loaded
})

export const recoveryKey = Command.make(
  "recovery-key",
  { file: Argument.String("FILE").pipe(Argument.withDescription("Where the secret key goes; it must not exist yet")) },
  Effect.fn(function* ({ file }) {
    yield* refuseExisting(file, "a key that is overwritten is lost, with all that was sealed for it: name another file")
    const key = makeKeyPair()
    yield* writePrivately(file, printKeyFile(key), false)
    yield* print(key.recipient)
    yield* note(
      `The secret key is in ${file}: keep it offline. The line above goes into /etc/plumbline/recovery.pub on`,
    )
    yield* note("each host, as root; from then on `plumb export --secrets` seals for it.")
  }),
).pipe(
  Command.withDescription("Make the key that opens the secrets in an emergency"),
  Command.withExamples([
    { command: "plumb recovery-key recovery.key", description: "On a machine that is not a server" },
  ]),
)
