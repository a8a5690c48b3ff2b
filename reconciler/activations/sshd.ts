// sshd reads its configuration again, once it is content with all of it. A reload, never a restart: a restart with a bad
// configuration locks out the administrator as well.

import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import type { HostShape } from "../host/host.ts"
import { sshdUnit } from "../host/sshd.ts"

export const reloadSshd = ({ sshd, systemd }: HostShape): Effect.Effect<void, ResourceFailure> =>
  Effect.gen(function* () {
    if (sshd.program === null) return
    const verdict = yield* sshd.test()
    if (!verdict.ok) return yield* refused(verdict.message)
    // One that does not run (or is started for each connection) reads it when it starts.
    const { active } = yield* systemd.state(sshdUnit)
    if (active === "active" || active === "reloading") yield* systemd.reload(sshdUnit)
  })

const refused = (message: string) =>
  new ResourceFailure({
    reason: "SshdRefused",
    message,
    mend: "Correct what sshd names; until then the sshd that runs goes on with its old configuration.",
    verdict: { kind: "retry" },
  })
