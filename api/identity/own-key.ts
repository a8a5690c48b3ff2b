/**
 * The API's own key: what only the API may read in its database is sealed for it (age), so that a dump of the database alone
 * tells nothing. Several processes on one database share `PLUMB_HOME/api.key`.
 *
 * The one thing to know before changing it: what was sealed says what it is for, and opens for nothing else.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type KeyPair, makeKeyPair, parseKeyFile, printKeyFile, seal, unseal } from "../../spec/sealing.ts"
import { readOrMake } from "../private-file.ts"

export const ownKey = (home: string) =>
  readOrMake(home, {
    name: "api.key",
    holds: "a key of age-keygen's",
    make: () => printKeyFile(makeKeyPair()),
    parse: parseKeyFile,
  })

export class OwnKey extends Context.Service<
  OwnKey,
  {
    readonly seal: (purpose: string, value: string) => Effect.Effect<string>
    /** Undefined for what another key sealed, or for another purpose: the log says so. */
    readonly open: (purpose: string, sealed: string) => Effect.Effect<string | undefined>
  }
>()("plumbline/api/identity/OwnKey") {
  static readonly layer = (pair: KeyPair) =>
    Layer.succeed(OwnKey, {
      seal: (purpose, value) => Effect.map(seal([pair.recipient], { for: purpose, value }), ({ sealed }) => sealed),
      open: (purpose, sealed) =>
        unseal(pair.identity, { sealed }).pipe(
          Effect.map((payload) => (payload.for === purpose ? payload.value : undefined)),
          Effect.catch(({ reason }) =>
            Effect.as(Effect.logWarning(`What is kept for ${purpose} cannot be opened: ${reason}`), undefined),
          ),
        ),
    })
}
