// What somebody is to be told, as it waits on the host until they were: a file each in a folder of root's, with everything
// in it that the sending needs, so that neither the record nor the store has to be there still.

import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ResourceFailure } from "../contract/resource.ts"
import { attempt, type Host } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { noticesFolder } from "../host/state-folders.ts"
import type { RecordKey } from "../keys.ts"

/** Who is told when a run of a record fails: what controllers/encode/notify.ts writes. */
export const Recipients = Schema.fromJsonString(
  Schema.Struct({
    mail: Schema.optionalKey(Schema.Array(Schema.String)),
    webhook: Schema.optionalKey(Schema.Struct({ url: Schema.String, secret: Schema.String })),
  }),
)

/** Where a record's are. */
export const recipientsOf = (record: RecordKey): HostPath => `/etc/plumbline/notify/${record.replace("/", ".")}`

const Way = Schema.Union([
  Schema.Struct({ by: Schema.Literal("mail"), to: Schema.Array(Schema.String) }),
  Schema.Struct({ by: Schema.Literal("webhook"), url: Schema.String, secret: Schema.String }),
])
export type Way = typeof Way.Type

/** What the run was, as a webhook is told it. */
export const RunReport = Schema.Struct({
  type: Schema.Literal("run.failed"),
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  run: Schema.String,
  outcome: Schema.String,
  exitStatus: Schema.NullOr(Schema.Int),
  startedAt: Schema.String,
  endedAt: Schema.NullOr(Schema.String),
  /** The beginning of what it wrote. */
  output: Schema.String,
})
export type RunReport = typeof RunReport.Type

export const Notice = Schema.Struct({
  way: Way,
  report: RunReport,
  madeAt: Schema.Int,
  attempts: Schema.Int,
  /** When it is next tried, in milliseconds since 1970. */
  nextAt: Schema.Int,
  /** Why it was not taken the last time. */
  why: Schema.optionalKey(Schema.String),
  /** There is nothing to be sent any more, only to be written down. */
  over: Schema.optionalKey(Schema.Literals(["sent", "given-up"])),
})
export type Notice = typeof Notice.Type

const Text = Schema.fromJsonString(Notice)
const decode = Schema.decodeUnknownOption(Text)
const encode = Schema.encodeSync(Text)

const rootOnly = { owner: "root", group: "root", mode: 0o600 }
const pathOf = (name: string): HostPath => `${noticesFolder}/${name}`

/** By the run and the way it is told: the same again is the same file. */
export const nameOf = ({ report, way }: Pick<Notice, "report" | "way">): string => `${report.run}.${way.by}`

export const read: Effect.Effect<ReadonlyArray<Notice>, ResourceFailure, Host> = attempt(({ files }) =>
  files.list(noticesFolder).flatMap((name) => {
    const found = decode(files.read(pathOf(name), 1024 * 1024).toString("utf8"))
    return found._tag === "None" || nameOf(found.value) !== name ? [] : [found.value]
  }),
)

export const write = (notice: Notice): Effect.Effect<void, ResourceFailure, Host> =>
  attempt(({ files }) => files.write(pathOf(nameOf(notice)), encode(notice), rootOnly))

export const remove = (notice: Notice): Effect.Effect<void, ResourceFailure, Host> =>
  attempt(({ files }) => files.remove(pathOf(nameOf(notice))))
