// A file in sshd's folder of drop-ins, and what sshd makes of it. Two things are looked at: the bytes, and what would really
// apply to one member of each group that it speaks of, because a file that is read earlier can overrule it without touching it.
//
// The one thing to know before changing it: sshd reads the folder at every start, so a bad text must not even lie there. It
// is tested alone before it is written, and with all others afterwards; if it is what they refuse, it goes again.

import * as Effect from "effect/Effect"
import { type FieldDiff, type Resource, ResourceFailure, type ResourceType } from "../contract/resource.ts"
import type { Accounts } from "../host/accounts.ts"
import { attempt, Host } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import { changed } from "./differences.ts"
import { fileType, type SeenFile } from "./file.ts"
import { type Place, pathKey, place } from "./place.ts"
import { goes, removePath } from "./removal.ts"

/** What is to apply to the members of a group, by the names of `sshd -T`. */
export interface SshdPolicy {
  readonly group: string
  readonly settings: Readonly<Record<string, string>>
}

export interface SshdDropInSpec {
  readonly content: string
  readonly policies: ReadonlyArray<SshdPolicy>
}

export const sshdDropIn = (path: `/${string}`, spec: SshdDropInSpec, where: Place): Resource<SshdDropInSpec> =>
  place("sshd-drop-in", path, spec, where, [{ kind: "sshd" }])

const asFile = ({ content }: SshdDropInSpec) => ({ content, owner: "root", group: "root", mode: 0o644 })

/** One for all: what differs for a single user is written by their name, and those files come later in the alphabet. */
const memberOf = (accounts: Accounts, group: string): string | undefined =>
  accounts
    .groups()
    .get(group)
    ?.members.find((name) => accounts.users().has(name))

/** What applies to a member of the group. Asked again when that one left it meanwhile: then it was told of no member. */
const effectiveOf = (group: string): Effect.Effect<ReadonlyMap<string, string> | undefined, ResourceFailure, Host> =>
  Effect.gen(function* () {
    const { accounts, sshd } = yield* Host
    const member = yield* attempt(() => memberOf(accounts, group))
    if (member === undefined) return undefined
    const settings = yield* sshd.effective(member)
    return (yield* attempt(() => memberOf(accounts, group))) === member ? settings : yield* effectiveOf(group)
  })

export interface SeenDropIn extends SeenFile {
  /** What applies to a group's member; nothing for a group without members. */
  readonly effective: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Why nothing can be told of what applies: somebody's mistake in another file. It must not keep the rest of a node waiting. */
  readonly refusal: string | undefined
}

export const sshdDropInType: ResourceType<SshdDropInSpec, SeenDropIn> = {
  kind: "sshd-drop-in",
  owns: (id) => [pathKey(id)],
  observe: (id, spec) =>
    Effect.gen(function* () {
      const seen = yield* fileType.observe(id, asFile(spec))
      if (seen === undefined) return undefined
      const effective = new Map<string, ReadonlyMap<string, string>>()
      // Of a file that is not as it should be, it is known already that it is not what applies.
      if (fileType.diff(asFile(spec), seen).length > 0) return { ...seen, effective, refusal: undefined }
      const { sshd } = yield* Host
      for (const { group } of sshd.program === null ? [] : spec.policies) {
        const settings = yield* Effect.result(effectiveOf(group))
        if (settings._tag === "Failure") return { ...seen, effective, refusal: settings.failure.message }
        if (settings.success !== undefined) effective.set(group, settings.success)
      }
      return { ...seen, effective, refusal: undefined }
    }),
  diff: (spec, seen) => [...fileType.diff(asFile(spec), seen), ...overruled(spec, seen)],
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      const { sshd, files } = yield* Host
      if (seen !== undefined && fileType.diff(asFile(spec), seen).length === 0) {
        if (seen.refusal !== undefined) return yield* refusedWhole(seen.refusal)
        const fields = overruled(spec, seen)
        return fields.length === 0 ? undefined : yield* overruledBy(fields)
      }
      // Beside it, under a name that sshd passes over.
      const trial = hostPath(`${id}.next`)
      if (sshd.program !== null) {
        yield* attempt(() => files.write(trial, spec.content, { owner: "root", group: "root", mode: 0o600 }))
        const alone = yield* sshd.test(trial)
        yield* attempt(() => files.remove(trial))
        if (!alone.ok) return yield* refused(alone.message)
      }
      yield* fileType.apply(id, asFile(spec), seen, "")
      const together = yield* sshd.test()
      if (together.ok) return
      const path = hostPath(id)
      yield* attempt(() => files.remove(path))
      const without = yield* sshd.test()
      if (without.ok) return yield* refused(together.message)
      // Others' files are to blame. Ours stays; the activation says what is wrong, and sshd goes on as it is.
      yield* fileType.apply(id, asFile(spec), undefined, "")
    }),
  remove: (id, removal) => Effect.as(removePath(id, removal), goes(removal) ? [{ kind: "sshd" as const }] : []),
  watch: (id) => [id, "/etc/ssh/sshd_config", `${id.slice(0, id.lastIndexOf("/"))}/`],
  // The first member of a group is the first of whom it can be told what applies.
  survey: attempt(({ accounts }) => {
    const groups = [...accounts.groups().keys()].filter((name) => name.startsWith("plumb-"))
    const members = JSON.stringify(groups.map((group) => [group, memberOf(accounts, group)]))
    return () => members
  }),
  keep: (seen) => seen.content?.toString("utf8"),
}

const overruled = ({ policies }: SshdDropInSpec, seen: SeenDropIn | undefined): ReadonlyArray<FieldDiff> => {
  if (seen?.refusal !== undefined)
    return [{ field: "configuration", want: "accepted by sshd", have: seen.refusal, kind: "runtime" }]
  return policies.flatMap(({ group, settings }) => {
    const effective = seen?.effective.get(group)
    if (effective === undefined) return []
    return Object.entries(settings).flatMap(([name, want]) =>
      changed(`${name} of ${group}`, want, effective.get(name) ?? "").map(
        (diff): FieldDiff => ({ ...diff, kind: "runtime" }),
      ),
    )
  })
}

const refusedWhole = (message: string) =>
  new ResourceFailure({
    reason: "SshdRefused",
    message,
    mend: "Correct what sshd names; until then the sshd that runs goes on with its old configuration.",
    verdict: { kind: "retry" },
  })

const refused = (message: string) =>
  new ResourceFailure({
    reason: "SshdRefused",
    message,
    mend: "It was not put in place. Install another version of openssh-server, or report this.",
    verdict: { kind: "stall" },
  })

const overruledBy = (fields: ReadonlyArray<FieldDiff>) =>
  new ResourceFailure({
    reason: "SshdOverruled",
    message: `sshd's other configuration overrules ours: ${fields
      .map(({ field, have, want }) => `${field} is "${have}" and not "${want}"`)
      .join(", ")}.`,
    mend: "Let /etc/ssh/sshd_config begin with `Include /etc/ssh/sshd_config.d/*.conf`, keep `UsePAM yes`, and have no Match block before ours that covers accounts.",
    verdict: { kind: "stall" },
  })
