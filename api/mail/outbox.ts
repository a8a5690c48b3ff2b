/**
 * Mail on its way: what is to be sent is written down with what it tells of, and leaves once the server takes it, whatever
 * happens to the process meanwhile.
 *
 * The one thing to know before changing it: a letter may hold a link that lets somebody in. What waits in the database is
 * sealed; and since it may leave twice, when a process dies at the wrong moment, both have the same Message-ID.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { createTransport } from "nodemailer"
import { OwnKey } from "../identity/own-key.ts"
import { queues } from "../store/queues.ts"
import * as Settings from "./settings.ts"
import { Letter, type Locale, write } from "./templates.ts"

export class NotSent extends Data.TaggedError("NotSent")<{ readonly message: string }> {}

const Envelope = Schema.Struct({ to: Schema.String, locale: Schema.Literals(["en", "de"]), sealed: Schema.String })
const encode = Schema.encodeSync(Schema.fromJsonString(Letter))
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Letter))
const purpose = "a letter"

/** Through the server of the settings; the error is in its words. */
export const deliver = Effect.fn("mail.deliver")(function* (to: string, locale: Locale, letter: Letter, id: string) {
  const account = yield* Settings.account
  if (account === undefined)
    return yield* new NotSent({ message: "Nobody has said how mail leaves: /v1/config/email." })
  const { from, host, password, port, security, senderName, user } = account
  const { subject, text } = write(letter, locale)
  yield* Effect.tryPromise({
    try: async () => {
      const transport = createTransport({
        host,
        port,
        secure: security === "tls",
        requireTLS: security === "starttls",
        ignoreTLS: security === "none",
        connectionTimeout: 10_000,
        greetingTimeout: 10_000,
        socketTimeout: 30_000,
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(user === undefined ? {} : { auth: { user, pass: password === undefined ? "" : Redacted.value(password) } }),
      })
      try {
        await transport.sendMail({
          from: { name: senderName, address: from },
          to: { name: "", address: to },
          subject,
          text,
          messageId: `<${id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
          headers: { "Auto-Submitted": "auto-generated" },
        })
      } finally {
        transport.close()
      }
    },
    catch: (cause) =>
      new NotSent({
        message: (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, " ").slice(0, 300),
      }),
  })
})

export class Outbox extends Context.Service<
  Outbox,
  {
    /** In the transaction in which it is called, if there is one. Nothing, while nobody has said how mail leaves. */
    readonly send: (to: string, locale: Locale, letter: Letter) => Effect.Effect<void>
  }
>()("plumbline/api/mail/Outbox") {}

/** For three days: then it is old news. */
const attempts = 80
const retries = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("1 hour")])

export const layer = Layer.effect(
  Outbox,
  Effect.gen(function* () {
    const key = yield* OwnKey
    const sql = yield* PgClient
    const queue = yield* PersistedQueue.make({
      name: "mail",
      schema: Envelope,
      maxAttempts: attempts,
      retrySchedule: retries,
    })
    const next = queue.take(
      Effect.fnUntraced(function* ({ locale, sealed, to }, { id }) {
        const text = yield* key.open(purpose, sealed)
        // Sealed with a key that is gone: nobody will ever read it.
        if (text === undefined) return
        yield* deliver(to, locale, yield* Effect.orDie(decode(text)), id)
      }),
    )
    yield* Effect.forkScoped(
      next.pipe(
        // It comes again by itself, later each time.
        Effect.catchTag("NotSent", ({ message }) => Effect.logWarning(`A mail waits: ${message}`)),
        Effect.catchCause((cause) =>
          Effect.andThen(Effect.logWarning("A mail waits", cause), Effect.sleep("1 second")),
        ),
        Effect.forever,
      ),
    )
    return {
      send: (to, locale, letter) =>
        Effect.gen(function* () {
          // What could not leave for days would tell old news once somebody says how mail leaves.
          if ((yield* Settings.read) === null) return
          yield* queue.offer({ to, locale, sealed: yield* key.seal(purpose, encode(letter)) })
        }).pipe(Effect.provideService(PgClient, sql), Effect.orDie),
    }
  }),
).pipe(Layer.provide(queues))
