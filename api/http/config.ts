/** /v1/config */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Result from "effect/Result"
import * as Billing from "../config/billing.ts"
import * as Security from "../config/security.ts"
import { Api } from "../contract.ts"
import * as Audit from "../identity/audit.ts"
import { emailOf } from "../identity/email.ts"
import { provedLately } from "../identity/fresh.ts"
import { deliver } from "../mail/outbox.ts"
import * as MailSettings from "../mail/settings.ts"
import { Invalid, MailRefused } from "../problems.ts"
import { answer } from "./answer.ts"
import { inTransaction } from "./in-transaction.ts"

/** By somebody who has proved lately to be the one; the audit trail says what it was and is. */
const changed = <A extends object, E1, R1, E2, R2>(
  target: string,
  read: Effect.Effect<A | null, E1, R1>,
  write: Effect.Effect<A, E2, R2>,
) =>
  answer(
    Effect.gen(function* () {
      yield* provedLately
      const before = yield* read
      const after = yield* write
      yield* Audit.noteDone({ action: "config.changed", target, before: before ?? {}, after })
      return after
    }).pipe(inTransaction),
  )

export const layer = HttpApiBuilder.group(Api, "config", (handlers) =>
  handlers
    .handle("email", () => answer(MailSettings.read))
    .handle("setEmail", ({ payload }) => changed("config/email", MailSettings.read, MailSettings.write(payload)))
    .handle("testEmail", ({ payload }) =>
      answer(
        Effect.gen(function* () {
          const to = emailOf(payload.to)
          if (Result.isFailure(to))
            return yield* new Invalid({ detail: "Nothing was sent.", problems: [{ field: "to", ...to.failure }] })
          yield* Effect.catchTag(
            deliver(to.success, "en", { template: "test" }, randomUUID()),
            "NotSent",
            ({ message }) => Effect.fail(new MailRefused({ detail: message })),
          )
        }),
      ),
    )
    .handle("security", () => answer(Security.read))
    .handle("setSecurity", ({ payload }) => changed("config/security", Security.read, Security.write(payload)))
    .handle("billing", () => answer(Billing.read))
    .handle("setBilling", ({ payload }) => changed("config/billing", Billing.read, Billing.write(payload))),
)
