// A command as a tenant of this machine: its ids, none of its or our groups, no capability and no way to gain one.

import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import type { AccountsFile } from "./accounts-file.ts"
import { change, look } from "./command.ts"
import { parentOf } from "./path.ts"
import { temporaryName } from "./temporary.ts"
import type { Tenant } from "./tenant.ts"

export const liveTenant = (accounts: AccountsFile): Tenant => {
  const as = (user: string, ...argv: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const entry = accounts.users().get(user)
      if (entry && entry.uid !== 0) {
        return Effect.succeed([
          "setpriv",
          ...["--reuid", String(entry.uid), "--regid", String(entry.gid), "--clear-groups"],
          ...["--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--"],
          ...argv,
        ] as readonly [string, ...Array<string>])
      }
      return Effect.fail(
        new ResourceFailure({
          reason: "UnknownOwner",
          message: `there is no tenant ${JSON.stringify(user)} on this host`,
          verdict: { kind: "wait", key: `user:${user}` },
        }),
      )
    })
  return {
    isDirectory: (user, path) =>
      as(user, "test", "-d", path).pipe(
        Effect.flatMap((argv) => look(argv)),
        Effect.map(({ code }) => code === 0),
      ),
    makeDirectory: (user, path, mode) =>
      as(user, "mkdir", "--parents", `--mode=${mode.toString(8)}`, "--", path).pipe(
        Effect.flatMap((argv) => change(argv)),
        Effect.mapError((failure) => (failure.reason === "CommandFailed" ? refused(failure.message) : failure)),
      ),
    replaceFile: (user, path, content, mode) => {
      const { name, parent } = parentOf(path)
      const temporary = `${parent}/${temporaryName(name)}`
      const run = (...argv: ReadonlyArray<string>) => Effect.flatMap(as(user, ...argv), (all) => change(all))
      return as(user, "dd", `of=${temporary}`, "conv=fsync", "status=none").pipe(
        Effect.flatMap((argv) => change(argv, undefined, content)),
        Effect.andThen(run("chmod", mode.toString(8), "--", temporary)),
        Effect.andThen(run("mv", "--no-target-directory", "--", temporary, path)),
      )
    },
  }
}

/** What mkdir says, without the command before it. A full disk passes by itself; a folder of the tenant's does not. */
const refused = (message: string): ResourceFailure => {
  const words = /mkdir: [\s\S]*$/.exec(message)?.[0].trim() ?? message
  return /No space left|quota exceeded/i.test(words)
    ? new ResourceFailure({ reason: "NoSpace", message: words, verdict: { kind: "retry" } })
    : new ResourceFailure({
        reason: "TenantRefused",
        message: words,
        mend: "What stands in the way is the account's own: it has to be made a folder that the account can write.",
        verdict: { kind: "stall" },
      })
}
