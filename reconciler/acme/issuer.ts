import * as Effect from "effect/Effect"
import type { Host } from "../host/host.ts"
export const issuer: Effect.Effect<never, never, Host> = Effect.never
