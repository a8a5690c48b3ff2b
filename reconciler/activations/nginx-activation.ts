// A round's changes to nginx: written into `next`, tested as a whole, taken live, loaded. When nginx refuses, the culprits
// are found, go back to what they were, and the rest goes live. Nothing untested ever reaches the live tree, and what was
// tested is what is live with these changes and nothing else: whatever somebody did to `next` is mended first.

import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "../host/failure.ts"
import { Host, type HostShape } from "../host/host.ts"
import { type Nginx, nextTree, nginxUnit, type StagedContent } from "../host/nginx.ts"
import { nginxKey } from "../resources/place.ts"
import { isoNow } from "../resources/removal.ts"
import { findCulprits } from "./culprits.ts"
import { goLiveOrder, type UnitAction } from "./merge.ts"
import { loadNginx } from "./nginx-load.ts"
import { liveMember, mendNext, nextMember, putNext, restoreNext, takeLive } from "./nginx-trees.ts"

export interface Refused {
  /** Members that are not live as wanted, each with its reason. */
  readonly members: ReadonlyMap<string, ResourceFailure>
  /** Why nothing was loaded at all, for everybody in the round. */
  readonly whole: ResourceFailure | undefined
}

interface Change {
  readonly member: string
  readonly content: StagedContent
  readonly removed: boolean
}

export const activateNginx = (members: Iterable<string>, action: UnitAction): Effect.Effect<Refused, never, Host> =>
  Effect.gen(function* () {
    const host = yield* Host
    const refused = new Map<string, ResourceFailure>()
    const each = (changes: ReadonlyArray<Change>, act: (change: Change) => void) => perMember(changes, act, refused)
    const { files, nginx } = host

    const outcome = yield* Effect.result(
      Effect.gen(function* () {
        const now = yield* isoNow
        const staged = [...nginx.takeStaged([...members, ...nginx.takeCarried()])].map(
          ([member, content]): Change => ({ member, content, removed: content === undefined }),
        )
        const mended = yield* act(() => mendNext(files, new Set(staged.map(({ member }) => member)), now))
        if (mended.length > 0) {
          yield* Effect.logWarning(`Not as it is live, and mended before a test: ${mended.map(nextMember).join(", ")}`)
        }
        const put = ({ member, content }: Change) => putNext(files, member, content, now)
        const changes = each(goLiveOrder(staged), put)
        const configured = yield* act(
          () =>
            files.stat(nextMember("nginx.conf")) !== undefined &&
            (isRunnable(host) || staged.some(({ member, removed }) => member === "nginx.conf" && !removed)),
        )
        // Without a configuration there is nothing to test: members may go, but none can come.
        if (!configured && changes.some(({ removed }) => !removed)) {
          each(changes, ({ member }) => restoreNext(files, member))
          carry(nginx, changes)
          return yield* notConfigured
        }
        const accepted = configured
          ? yield* accept(host, changes, put, refused).pipe(
              Effect.onError(() => Effect.sync(() => each(changes, ({ member }) => restoreNext(files, member)))),
            )
          : changes
        const live = each(accepted, ({ member, removed }) => takeLive(files, member, removed, now))
        const notTaken = accepted.filter((change) => !live.includes(change))
        each(notTaken, ({ member }) => restoreNext(files, member))
        // All that was asked for was refused: what runs is what is live.
        const nothingNew = changes.length > 0 && live.length === 0 && action === "reload"
        if (nothingNew || !configured) return
        if (!(yield* act(() => isRunnable(host)))) return yield* notConfigured
        yield* loadNginx(action)
      }),
    )
    return { members: refused, whole: outcome._tag === "Failure" ? outcome.failure : undefined }
  })

/** Told to read a configuration that is gone, nginx would go on with the old one and say so where nobody looks. */
const isRunnable = ({ files }: HostShape): boolean => files.stat(liveMember("nginx.conf"))?.type === "file"

/** Tests `next`; gives the changes that nginx accepts together, and leaves the others' live versions in their place. */
const accept = (
  host: HostShape,
  changes: ReadonlyArray<Change>,
  put: (change: Change) => void,
  refused: Map<string, ResourceFailure>,
) =>
  Effect.gen(function* () {
    const { files, nginx } = host
    const test = nginx.test(`${nextTree}/nginx.conf`)
    const first = yield* test
    if (first.ok) return changes
    const found = yield* findCulprits(changes, first.message, {
      test,
      put: (change) => act(() => put(change)),
      restore: ({ member }) => act(() => restoreNext(files, member)),
    })
    if (found.base !== undefined) {
      carry(nginx, changes)
      return yield* broken(found.base)
    }
    for (const [change, message] of found.culprits) refused.set(change.member, refusedBy(message))
    return changes.filter((change) => !found.culprits.has(change))
  })

/** Each alone may be what the others wait for: two members that somebody spoiled are only mended together. */
const carry = (nginx: Nginx, changes: ReadonlyArray<Change>): void => {
  for (const { member, content } of changes) nginx.carry(member, content)
}

/** Goes on with the others when one fails: a full disk or a planted folder is its own trouble. */
const perMember = (
  changes: ReadonlyArray<Change>,
  act: (change: Change) => void,
  failed: Map<string, ResourceFailure>,
): ReadonlyArray<Change> =>
  changes.filter((change) => {
    try {
      act(change)
      return true
    } catch (cause) {
      failed.set(change.member, toFailure(cause))
      return false
    }
  })

const act = <A>(change: () => A) => Effect.try({ try: change, catch: toFailure })

const refusedBy = (message: string) =>
  new ResourceFailure({
    reason: "NginxRefused",
    message,
    mend: "Change the record; its sites go on as they were, and all others are live.",
    verdict: { kind: "stall" },
  })

const broken = (message: string) =>
  new ResourceFailure({
    reason: "NginxBroken",
    message: `nginx refuses its present configuration, apart from this change: ${message}`,
    mend: "Mend what nginx names, on the host; nothing is reloaded until then, and what runs goes on.",
    verdict: { kind: "retry" },
  })

const notConfigured = new ResourceFailure({
  reason: "NginxNotConfigured",
  message: `${nginxUnit} has no nginx.conf yet`,
  mend: "Wait for the node's own record.",
  verdict: { kind: "wait", key: nginxKey("nginx.conf") },
})
