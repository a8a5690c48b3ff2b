// Whatever the host throws, as a ResourceFailure.

import { ResourceFailure } from "../contract/resource.ts"

export const toFailure = (cause: unknown): ResourceFailure =>
  cause instanceof ResourceFailure
    ? cause
    : new ResourceFailure({
        reason: "HostError",
        message: cause instanceof Error ? cause.message : String(cause),
        verdict: { kind: "retry" },
      })
