/** A user proves once more to be the one who is logged in, before anything changes that lets people in. */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Forbidden, Invalid } from "../problems.ts"
import { Actor } from "./actor.ts"
import { PasswordHashes } from "./argon2.ts"
import * as Attempts from "./attempts.ts"
import * as Audit from "./audit.ts"
import { locked } from "./login.ts"
import { hashOf } from "./tokens.ts"
import * as Users from "./users.ts"

/** The user, with the name of the field that the password stood in for whoever mistypes it. */
export const provenUser = Effect.fn("provenUser")(function* (password: Redacted.Redacted, field: string) {
  const hashes = yield* PasswordHashes
  const { acting, name, session, user } = yield* Actor
  // Whoever sees what another user sees proves to be themselves.
  const id = acting?.user ?? user
  const row = id === null ? undefined : yield* Users.byId(id)
  if (row === undefined)
    return yield* new Forbidden({ detail: "Only a user who has logged in has a password and factors of their own." })
  // Who has found an open browser guesses no faster than a stranger.
  const bucket = hashOf(`password ${row.id}`)
  const wait = yield* Attempts.begin(bucket)
  if (wait !== undefined) return yield* locked(wait)
  if (!(yield* hashes.verify(password, row.password))) {
    yield* Audit.note({ action: "password.asked", outcome: "failed", actor: { id: row.id, name }, session })
    return yield* new Invalid({
      detail: "Nothing was changed.",
      problems: [{ field, message: "This is not your password.", mend: "Type the present one." }],
    })
  }
  yield* Attempts.forget(bucket)
  return row
})
