/** Whether a session is open still: what thousands of streams ask every few seconds, in one statement for all that ask together. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql/SqlError"
import { Glances } from "../store/glances.ts"
import { together } from "../store/together.ts"
import * as Sessions from "./sessions.ts"

export class OpenSessions extends Context.Service<
  OpenSessions,
  {
    /** Whose it is, or undefined where it is not open. */
    readonly find: (session: string) => Effect.Effect<Sessions.Holder | undefined, SqlError>
  }
>()("plumbline/api/identity/OpenSessions") {
  static readonly layer = Layer.effect(
    OpenSessions,
    Effect.map(Glances, ({ sql }) => ({
      find: together((sessions: ReadonlyArray<string>) => Sessions.findEach(sql, sessions)),
    })),
  )
}
