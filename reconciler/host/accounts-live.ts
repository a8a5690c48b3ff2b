// Users and groups of this machine, changed by the tools of its shadow package, which hold the locks of the files.

import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import type { Accounts } from "./accounts.ts"
import type { AccountsFile } from "./accounts-file.ts"
import { change, type Outcome, said } from "./command.ts"
import { tell } from "./tell.ts"

export const liveAccounts = (file: AccountsFile): Accounts => {
  const run = (argv: readonly [string, ...Array<string>]) =>
    change(argv, (outcome) => failed(argv, outcome)).pipe(Effect.ensuring(Effect.sync(file.forget)))
  return {
    users: file.users,
    groups: file.groups,
    addGroup: (name, gid) => run(["groupadd", "--gid", String(gid), "--", name]),
    removeGroup: (name) => run(["groupdel", "--", name]),
    addUser: (user) =>
      run([
        "useradd",
        "--no-create-home",
        "--no-user-group",
        // No range of subordinate ids: ten thousand users would use up all there are.
        ...["--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0"],
        ...["--uid", String(user.uid), "--gid", String(user.gid)],
        ...["--comment", user.comment, "--home-dir", user.home, "--shell", user.shell],
        "--",
        user.name,
      ]),
    changeUser: (name, { verifier, ...change }) =>
      Effect.gen(function* () {
        if (Object.keys(change).length > 0 || verifier === null) yield* run(usermod(name, change, verifier === null))
        if (typeof verifier !== "string") return
        yield* tell(["chpasswd", "--encrypted"], `${name}:${verifier}\n`).pipe(
          Effect.ensuring(Effect.sync(file.forget)),
        )
      }),
    // Without its home, which is a resource of its own.
    removeUser: (name) => run(["userdel", "--", name]),
  }
}

/** usermod(8) for what is to be changed. */
const usermod = (
  name: string,
  { comment, gid, groups, home, shell }: Omit<Parameters<Accounts["changeUser"]>[1], "verifier">,
  lock: boolean,
): readonly [string, ...Array<string>] => [
  "usermod",
  // usermod(8) refuses another home while the user's processes run, except below a prefix. An account's home never moves:
  // this puts back the one that those processes have.
  ...(home === undefined ? [] : ["--prefix", "/."]),
  ...(gid === undefined ? [] : ["--gid", String(gid)]),
  ...(comment === undefined ? [] : ["--comment", comment]),
  ...(home === undefined ? [] : ["--home", home]),
  ...(shell === undefined ? [] : ["--shell", shell]),
  ...(groups === undefined ? [] : ["--groups", groups.join(",")]),
  // Unlike --lock, which puts a mark before a stranger's password, and does nothing where there is no entry.
  ...(lock ? ["--password", "!"] : []),
  "--",
  name,
]

/** Exit codes as in useradd(8), userdel(8) and groupadd(8). */
const failed = (argv: ReadonlyArray<string>, outcome: Outcome): ResourceFailure => {
  const message = said(outcome)
  if (outcome.code === 8) {
    return new ResourceFailure({
      reason: "InUse",
      message,
      mend: "Processes of the user still run; they are waited for.",
      verdict: { kind: "retry" },
    })
  }
  if (outcome.code === 4 || outcome.code === 9) {
    return new ResourceFailure({
      reason: "Conflict",
      message,
      mend: "The name or number belongs to somebody else on this host: give the record another one.",
      verdict: { kind: "stall" },
    })
  }
  return new ResourceFailure({ reason: "CommandFailed", message: `${argv[0]}: ${message}`, verdict: { kind: "retry" } })
}
