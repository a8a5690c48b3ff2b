// The journal of what a record's changes still make necessary. It is on the host's disk before the first change and leaves
// it after the last activation, so that a crash between the file and the reload is made good at the next start.

import { createHash } from "node:crypto"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Activation, activationKey, type ResourceFailure } from "../contract/resource.ts"
import { attempt, type Host } from "./host.ts"
import type { HostPath } from "./path.ts"
import { owedFolder } from "./state-folders.ts"

const Owed = Schema.Struct({
  record: Schema.String,
  activations: Schema.Array(
    Schema.Union([
      Schema.Struct({ kind: Schema.Literal("nginx"), member: Schema.String }),
      Schema.Struct({
        kind: Schema.Literal("unit"),
        name: Schema.String,
        action: Schema.Literals(["start", "reload", "restart"]),
      }),
      Schema.Struct({ kind: Schema.Literals(["daemon-reload", "sshd"]) }),
      Schema.Struct({ kind: Schema.Literal("sessions"), account: Schema.String }),
    ]),
  ),
})
const text = Schema.fromJsonString(Owed)
const decode = Schema.decodeUnknownOption(text)
const encode = Schema.encodeSync(text)

export interface OwedEntry {
  /** "Site/shop" */
  readonly record: string
  readonly activations: ReadonlyArray<Activation>
}

const pathOf = (record: string): HostPath =>
  `${owedFolder}/${createHash("sha256").update(record).digest("hex").slice(0, 32)}.json`

/** Adds to what the record owes already. */
export const putOwed = (
  record: string,
  activations: ReadonlyArray<Activation>,
): Effect.Effect<void, ResourceFailure, Host> =>
  attempt(({ files }) => {
    if (activations.length === 0) return
    const path = pathOf(record)
    const before = files.stat(path) ? decode(files.read(path).toString("utf8")) : undefined
    const known = before?._tag === "Some" ? before.value.activations : []
    const all = [...new Map([...known, ...activations].map((one) => [activationKey(one), one])).values()]
    if (all.length === known.length) return
    files.write(path, encode({ record, activations: all }), { owner: "root", group: "root", mode: 0o600 })
  })

export const settleOwed = (record: string): Effect.Effect<void, ResourceFailure, Host> =>
  attempt(({ files }) => files.remove(pathOf(record)))

/** What an earlier agent left undone. A file that cannot be read is none of ours and stays. */
export const listOwed: Effect.Effect<ReadonlyArray<OwedEntry>, ResourceFailure, Host> = attempt(({ files }) =>
  files
    .list(owedFolder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const entry = decode(files.read(`${owedFolder}/${name}`).toString("utf8"))
      return entry._tag === "Some" ? [entry.value] : []
    }),
)
