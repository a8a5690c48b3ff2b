/** All that the API needs to know who is asking; the token is that of the machine's administrator, the key the API's own. */
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { KeyPair } from "../../spec/sealing.ts"
import * as Outbox from "../mail/outbox.ts"
import { PasswordHashes } from "./argon2.ts"
import * as Authenticated from "./authenticated.ts"
import { OpenSessions } from "./open-sessions.ts"
import { OwnKey } from "./own-key.ts"
import { SigningKeys } from "./signing-keys.ts"
import * as Tidy from "./tidy.ts"
import * as Unhurried from "./unhurried.ts"

export const identity = (token: Redacted.Redacted, key: KeyPair) =>
  Layer.mergeAll(Authenticated.layer(token), Unhurried.layer, Outbox.layer, PasswordHashes.layer(), Tidy.layer).pipe(
    Layer.provideMerge(Layer.mergeAll(SigningKeys.layer, OwnKey.layer(key), OpenSessions.layer)),
  )
