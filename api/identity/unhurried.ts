/** Log-ins, codes and tokens of those whom nobody knows yet: fewer a minute than anything else. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { networkAround } from "../../spec/network.ts"
import { Limits } from "../gateway/limits.ts"
import { caller } from "./caller.ts"
import { Unhurried } from "./contract.ts"

export const layer = Layer.effect(
  Unhurried,
  Effect.map(
    Limits,
    (limits) => (handle) =>
      Effect.gen(function* () {
        const { address } = yield* caller
        yield* limits.take("login", networkAround(address))
        return yield* handle
      }),
  ),
)
