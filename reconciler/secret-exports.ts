// All secrets of this host, for an emergency: opened here, and sealed again for the recovery key.
//
// The one thing to know before changing it: whose key that is, root says on this host. Whoever holds the API or the database
// can ask for the file, and could name any key there; here they cannot.

import * as Effect from "effect/Effect"
import { parseRecipient, type Recipient, sealCollection } from "../spec/sealing.ts"
import type { ResourceFailure } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import { attempt, type Host } from "./host/host.ts"
import type { SecretsFile } from "./store.ts"

const path = "/etc/plumbline/recovery.pub"

const mend = `Make a key with \`plumb recovery-key FILE\`, and as root put the line that it prints into ${path} on this host.`

/** The public key for emergencies, or why there is none. */
const recovery: Effect.Effect<{ readonly key: Recipient } | { readonly failure: string }, ResourceFailure, Host> =
  attempt(({ files, kind }) => {
    const stat = files.stat(path)
    if (stat === undefined) return { failure: `This host has no recovery key: there is no ${path}.` }
    // Whoever else can write it decides who reads the secrets.
    if (stat.type !== "file" || (kind === "live" && (stat.owner !== "root" || (stat.mode & 0o022) !== 0)))
      return { failure: `${path} is not a file that root alone can write.` }
    const key = parseRecipient(files.read(path, 4096).toString("utf8"))
    return key === undefined ? { failure: `${path} does not hold one public key of age (age1…).` } : { key }
  })

const fileFor = Effect.fnUntraced(function* (engine: Pick<Engine, "records">) {
  const found = yield* recovery
  if ("failure" in found) return { failure: found.failure, mend } satisfies SecretsFile
  const contents = [...engine.records.all()]
    .filter((stored) => !stored.deleted)
    .map((stored) => engine.records.secretsOf(stored))
  const open = contents.flatMap((each) => each.open)
  const answer: SecretsFile = {
    file: yield* sealCollection([found.key], open),
    secrets: open.length,
    closed: contents.flatMap(({ closed }) => closed).slice(0, 1000),
  }
  return answer
})

/** Answers whoever asked. */
export const answerSecretExports = Effect.fnUntraced(
  function* (engine: Pick<Engine, "records" | "store">) {
    for (const id of yield* engine.store.secretExports) {
      const answer = yield* fileFor(engine)
      yield* engine.store.answerSecretExport(id, answer)
      yield* Effect.logInfo(
        "file" in answer
          ? `${answer.secrets} secrets were sealed for the recovery key, as somebody asked.`
          : `The secrets were asked for, in vain: ${answer.failure}`,
      )
    }
  },
  Effect.catch((failure) => Effect.logWarning(`A request for the secrets was not answered: ${failure.message}`)),
)
