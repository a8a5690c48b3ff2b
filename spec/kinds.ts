/**
 * The registry: every kind that there is. Adding a kind is its own file, its name in `kind-names.ts`, and a line in each of
 * the two lists.
 *
 * The one thing to know before changing it: decoding is strict (all errors, no unknown field) and total over versions: what
 * an older program does not know fails to decode, and whoever decodes must then touch nothing of that record.
 */
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { Account } from "./account.ts"
import { Backup } from "./backup.ts"
import { BackupPolicy } from "./backup-policy.ts"
import { Certificate } from "./certificate.ts"
import { CronJob } from "./cron-job.ts"
import { Database } from "./database.ts"
import { envelopeOf } from "./envelope.ts"
import type { Flaw } from "./grammar.ts"
import type { Beside, Claim, Count, Find, Kind, Most, Reference, Runs, Use } from "./kind.ts"
import { KindName, kindNames } from "./kind-names.ts"
import { Node } from "./node.ts"
import { Package } from "./package.ts"
import { Php } from "./php.ts"
import { Restore } from "./restore.ts"
import { keepingSecrets, type SecretPlace } from "./secret.ts"
import { Site } from "./site.ts"
import { SshKey } from "./ssh-key.ts"

export { KindName, kindNames }

export const kinds = {
  Account,
  Backup,
  BackupPolicy,
  Certificate,
  CronJob,
  Database,
  Node,
  Package,
  Php,
  Restore,
  Site,
  SshKey,
} satisfies {
  readonly [K in KindName]: { readonly kind: K }
}

/** Each kind's records, as a person writes them. */
export const envelopes = {
  Account: envelopeOf(Account),
  Backup: envelopeOf(Backup),
  BackupPolicy: envelopeOf(BackupPolicy),
  Certificate: envelopeOf(Certificate),
  CronJob: envelopeOf(CronJob),
  Database: envelopeOf(Database),
  Node: envelopeOf(Node),
  Package: envelopeOf(Package),
  Php: envelopeOf(Php),
  Restore: envelopeOf(Restore),
  Site: envelopeOf(Site),
  SshKey: envelopeOf(SshKey),
}

/** A record as a person writes it, of any kind. */
export const Envelope = Schema.Union(Object.values(envelopes))
export type Envelope = typeof Envelope.Type

export const isKindName = Schema.is(KindName)

/** How every record is decoded, everywhere. */
export const strict: SchemaAST.ParseOptions = { errors: "all", onExcessProperty: "error" }

export const decodeEnvelope = Schema.decodeUnknownResult(Envelope, strict)
// A decoded record was checked, and nothing else is one.
export const encodeEnvelope = Schema.encodeSync(Envelope, { disableChecks: true })

// `record.kind` says which kind `record.spec` was decoded by, so each is asked about its own specs alone.
const kindOf = (record: Envelope): Kind<string, string, unknown, unknown> => kinds[record.kind]

/** The records that this one names. */
export const referencesOf = (record: Envelope): ReadonlyArray<Reference> => kindOf(record).references(record.spec)

/** What this record alone may have. */
export const claimsOf = (record: Envelope): ReadonlyArray<Claim> =>
  kindOf(record).claims(record.metadata.name, record.spec)

/** What this record is counted as. */
export const countsOf = (record: Envelope): ReadonlyArray<Count> => kindOf(record).counts?.(record.spec) ?? []

/** The most of something that this record may have; nothing is no limit. */
export const mostOf = (record: Envelope, what: string, find: Find): Most | undefined =>
  kindOf(record).holds?.(record.spec, what, find)

/** What is wrong with this record beside those that it names. */
export const besideOf = (record: Envelope, beside: Beside): ReadonlyArray<Flaw & { readonly field: string }> =>
  kindOf(record).beside?.(record.spec, beside) ?? []
/** What this record may use. */
export const usesOf = (record: Envelope, find: Find): ReadonlyArray<Use> =>
  kindOf(record).uses?.(record.spec, find) ?? []

/** The kinds whose records may use only so much. */
export const usingKinds: ReadonlyArray<KindName> = kindNames.filter((name) => {
  const kind: Kind<string, string, unknown, unknown> = kinds[name]
  return kind.uses !== undefined
})

/** Whether a write of this record may keep something of the record before. */
export const mayKeep = (kind: KindName, places: ReadonlyArray<SecretPlace>): boolean =>
  places.length > 0 || "keeps" in kinds[kind]

/**
 * The spec as written, with what a write that leaves it out keeps of the record before. Specs are as they are stored;
 * `places` are those of the secrets in the written one.
 */
export const keptOf = (
  kind: KindName,
  written: unknown,
  places: ReadonlyArray<SecretPlace>,
  before: Envelope,
  specBefore: unknown,
): unknown => {
  const { keeps }: Kind<string, string, unknown, unknown> = kinds[kind]
  const kept = keeps === undefined ? written : keeps(written, specBefore)
  return keepingSecrets(kept, places, specBefore, secretsOf(before))
}

/** Whether this record has those that refer to it rest. */
export const suspendsOf = (record: Envelope): boolean => kindOf(record).suspends?.(record.spec) ?? false
/** Where this record has secrets, or would. */
export const secretsOf = (record: Envelope): ReadonlyArray<SecretPlace> =>
  kindOf(record).secrets?.(record.spec) ?? noSecrets
const noSecrets: ReadonlyArray<SecretPlace> = []

/** The spec as written, with the moment of the write where its kind runs once for that and none is given. */
export const datedOf = (kind: KindName, written: { readonly [field: string]: unknown }, now: string) => {
  const { runs }: Kind<string, string, unknown, unknown> = kinds[kind]
  return runs?.once !== true || written["runNow"] !== undefined ? written : { ...written, runNow: now }
}

/** When this record runs; nothing where its kind does not run by itself. */
export const runsOf = (
  record: Envelope,
): { readonly upcoming: (after: number, count: number) => ReadonlyArray<number> } | undefined => {
  const runs: Runs<unknown> | undefined = kindOf(record).runs
  return runs && { upcoming: (after, count) => runs.upcoming(record.spec, after, count) }
}
