/**
 * What the API answers with: records as they are read, what a write did, status, history, drift, pauses.
 *
 * The one thing to know before changing it: the `plumb` command and the portal read these. Adding an optional key is
 * free; anything else breaks a client of another version.
 */
import * as Schema from "effect/Schema"
import { Condition, Instant, State } from "../spec/record.ts"
import { Role, Verb } from "./identity/role.ts"
import { Scope } from "./identity/scopes.ts"

export const Metadata = Schema.Struct({
  name: Schema.String,
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  annotations: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
})

/** A record as it is written and exported. */
export const DesiredRecord = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  metadata: Metadata,
  spec: Schema.JsonObject,
})
export type DesiredRecord = typeof DesiredRecord.Type

/** What became of a record on one node. */
export const NodeStatus = Schema.Struct({
  node: Schema.String,
  observedGeneration: Schema.Int,
  /** The write of the record that this is about: moves also when the generation does not, as when a deletion is taken back. */
  observedVersion: Schema.Int,
  conditions: Schema.Array(Condition),
  details: Schema.JsonObject,
  updatedAt: Instant,
})
export type NodeStatus = typeof NodeStatus.Type

/** A record as it is read: what is wanted, the store's own knowledge of it, and its status. */
export const StoredRecord = Schema.Struct({
  ...DesiredRecord.fields,
  id: Schema.String,
  version: Schema.Int,
  generation: Schema.Int,
  /** The set (a folder, say) that the record was applied with; only that source prunes it. */
  source: Schema.NullOr(Schema.String),
  createdAt: Instant,
  updatedAt: Instant,
  /** Set on a tombstone: the agent still removes what the record owned. */
  deletedAt: Schema.NullOr(Instant),
  state: State,
  status: Schema.Array(NodeStatus),
})
export type StoredRecord = typeof StoredRecord.Type

/** A record from its owner's side: `id` is its name, and `fields` are those of its spec without the account. */
export const Thing = Schema.Struct({
  id: Schema.String,
  account: Schema.NullOr(Schema.String),
  fields: Schema.JsonObject,
  state: State,
  status: Schema.Array(NodeStatus),
  version: Schema.Int,
  generation: Schema.Int,
  createdAt: Instant,
  updatedAt: Instant,
  deletedAt: Schema.NullOr(Instant),
})
export type Thing = typeof Thing.Type

/** The PHP of a website. */
export const WebsitePhp = Schema.Struct({
  /** Null: the site is static. */
  php: Schema.NullOr(Thing),
  /** Other sites that the same PHP runs: its settings are theirs too. */
  sharedWith: Schema.Array(Schema.String),
  /** Versions that the hosts have. */
  available: Schema.Array(Schema.String),
})
export type WebsitePhp = typeof WebsitePhp.Type

/** A backup that can be restored. */
export const BackupKept = Schema.Struct({
  id: Schema.String,
  policy: Schema.String,
  account: Schema.NullOr(Schema.String),
  node: Schema.String,
  at: Schema.String,
  why: Schema.String,
  files: Schema.Number,
  bytes: Schema.Number,
  databases: Schema.Array(Schema.Struct({ name: Schema.String, bytes: Schema.Number })),
})
export type BackupKept = typeof BackupKept.Type

export const FieldChange = Schema.Struct({
  /** Path of the field, such as `spec.domains[0]`. */
  field: Schema.String,
  /** Absent where the field is new or gone. */
  before: Schema.optionalKey(Schema.Json),
  after: Schema.optionalKey(Schema.Json),
})
export type FieldChange = typeof FieldChange.Type

/** What a write did, or in a dry run would do, to one record. */
export const Change = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  action: Schema.Literals(["created", "updated", "restored", "unchanged", "deleted"]),
  /** Those after the write. */
  version: Schema.Int,
  generation: Schema.Int,
  fields: Schema.Array(FieldChange),
  /** Unified diff of the canonical YAML; empty when nothing changes. Given by a dry run and by /v1/diff. */
  diff: Schema.optionalKey(Schema.String),
  /** The source that the record belonged to until this write took it over. */
  takenFrom: Schema.optionalKey(Schema.String),
  /** Fields of the input that were dropped, and why (`status` for one). */
  notes: Schema.optionalKey(Schema.Array(Schema.String)),
})
export type Change = typeof Change.Type

export const Applied = Schema.Struct({
  dryRun: Schema.Boolean,
  changes: Schema.Array(Change),
  summary: Schema.Struct({
    created: Schema.Int,
    updated: Schema.Int,
    restored: Schema.Int,
    unchanged: Schema.Int,
    deleted: Schema.Int,
  }),
})
export type Applied = typeof Applied.Type

export const Revision = Schema.Struct({
  seq: Schema.Int,
  kind: Schema.String,
  name: Schema.String,
  recordId: Schema.String,
  generation: Schema.Int,
  version: Schema.Int,
  action: Schema.Literals(["create", "update", "delete", "restore"]),
  actor: Schema.String,
  source: Schema.String,
  at: Instant,
  metadata: Schema.JsonObject,
  spec: Schema.JsonObject,
  /** Against the revision before it. */
  fields: Schema.Array(FieldChange),
})
export type Revision = typeof Revision.Type

/** What differs between two revisions of a record. */
export const RevisionDiff = Schema.Struct({
  from: Schema.Int,
  to: Schema.Int,
  fields: Schema.Array(FieldChange),
  /** Unified, of the YAML. */
  diff: Schema.String,
})
export type RevisionDiff = typeof RevisionDiff.Type

export const DriftEvent = Schema.Struct({
  seq: Schema.Int,
  node: Schema.String,
  kind: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  resource: Schema.String,
  driftKind: Schema.Literals(["missing", "changed", "extra", "runtime"]),
  stream: Schema.Literals(["intended", "corrective", "accepted"]),
  outcome: Schema.Literals(["healed", "reported", "adopted", "ignored", "fought"]),
  seenAt: Instant,
})
export type DriftEvent = typeof DriftEvent.Type

export const DriftDetail = Schema.Struct({
  ...DriftEvent.fields,
  /** Unified, secrets masked. */
  diff: Schema.String,
  fields: Schema.Json,
  author: Schema.Json,
  keptCopy: Schema.NullOr(Schema.String),
})
export type DriftDetail = typeof DriftDetail.Type

/** What ran once by a record's will. */
export const Run = Schema.Struct({
  id: Schema.String,
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  /** When somebody asked for it; null: its time had come. */
  requestedAt: Schema.NullOr(Instant),
  startedAt: Instant,
  /** Null where nobody saw its end. */
  endedAt: Schema.NullOr(Instant),
  durationMs: Schema.NullOr(Schema.Number),
  outcome: Schema.Literals(["succeeded", "failed", "timed-out", "killed", "out-of-memory", "skipped", "interrupted"]),
  /** Of its process; null where that did not end by itself. */
  exitStatus: Schema.NullOr(Schema.Int),
  /** How much it has written. */
  outputBytes: Schema.Int,
  /** Of a run that failed: who was told, and what became of it. */
  told: Schema.Array(
    Schema.Struct({
      by: Schema.Literals(["mail", "webhook"]),
      state: Schema.Literals(["trying", "sent", "given-up"]),
      at: Instant,
      /** Why not, as far as it is not. */
      why: Schema.NullOr(Schema.String),
    }),
  ),
})
export type Run = typeof Run.Type

export const RunDetail = Schema.Struct({
  ...Run.fields,
  /** What it has written, the first 64 KiB of it. */
  output: Schema.String,
  /** How many bytes more there were. */
  outputDropped: Schema.Int,
  /** What it found out, in words of its kind: the id and size of a backup, say. */
  details: Schema.NullOr(Schema.Unknown),
})
export type RunDetail = typeof RunDetail.Type

/** What a node has last told of a record beside its conditions. */
export const Report = Schema.Struct({
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  report: Schema.Unknown,
  reportedAt: Instant,
})
export type Report = typeof Report.Type

export const Pause = Schema.Struct({
  id: Schema.String,
  /** Neither: everything. Kind alone: all records of it. Both: one record; ("Node", name) is one node. */
  kind: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  mode: Schema.Literals(["pause", "observe"]),
  actor: Schema.String,
  reason: Schema.String,
  until: Schema.NullOr(Instant),
  createdAt: Instant,
})
export type Pause = typeof Pause.Type

/** One line of `plumb status`. */
export const StatusEntry = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  version: Schema.Int,
  generation: Schema.Int,
  state: State,
  status: Schema.Array(NodeStatus),
  /** What its owner should know, whatever its state: a limit that is reached, say. In /v1/status alone. */
  notices: Schema.optionalKey(Schema.Array(Schema.String)),
})
export type StatusEntry = typeof StatusEntry.Type

export const NodeSeen = Schema.Struct({
  name: Schema.String,
  /** `away`: nothing was heard of the agent for longer than it may be silent. */
  agent: Schema.Literals(["present", "away"]),
  lastSeenAt: Instant,
  facts: Schema.JsonObject,
  /** The newest full sweep: silence is evidence only where silence is recorded. */
  lastSweep: Schema.NullOr(
    Schema.Struct({ at: Instant, resources: Schema.Int, drifted: Schema.Int, durationMs: Schema.Int }),
  ),
})
export type NodeSeen = typeof NodeSeen.Type

export const Status = Schema.Struct({
  at: Instant,
  records: Schema.Array(StatusEntry),
  summary: Schema.Struct({
    total: Schema.Int,
    ready: Schema.Int,
    reconciling: Schema.Int,
    stalled: Schema.Int,
    waiting: Schema.Int,
    deleting: Schema.Int,
  }),
  nodes: Schema.Array(NodeSeen),
  pauses: Schema.Array(Pause),
})
export type Status = typeof Status.Type

/**
 * What /v1/events sends. `resync` comes first and whenever events may have been lost: read the lists again. Events carry an id;
 * whoever comes back with it hears what has changed since, and `resync` only where that was too long ago or too much. `entry` is
 * null when the record is gone for good. The same may be told twice.
 */
export const Event = Schema.Union([
  Schema.Struct({ type: Schema.Literal("resync") }),
  Schema.Struct({
    type: Schema.Literals(["record", "status"]),
    kind: Schema.String,
    name: Schema.String,
    entry: Schema.NullOr(StatusEntry),
  }),
  Schema.Struct({ type: Schema.Literal("drift"), drift: DriftEvent }),
  Schema.Struct({ type: Schema.Literal("pauses") }),
])
export type Event = typeof Event.Type

/** Who owns a path, a unit or a user of a host. */
export const Owner = Schema.Struct({
  node: Schema.String,
  /** `exact`, or the nearest owned ancestor of a path. */
  match: Schema.Literals(["exact", "ancestor"]),
  /** The key in the inventory, such as `file:/etc/plumbline/nginx/next/sites/shop.conf`. */
  key: Schema.String,
  resourceKind: Schema.String,
  resourceId: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  onDelete: Schema.String,
  generation: Schema.Int,
  claimedAt: Instant,
  /** The fields of the record that explain it, each with its value and the revision that last set it. */
  fields: Schema.Array(
    Schema.Struct({
      field: Schema.String,
      value: Schema.optionalKey(Schema.Json),
      revision: Schema.NullOr(
        Schema.Struct({ seq: Schema.Int, actor: Schema.String, source: Schema.String, at: Instant }),
      ),
    }),
  ),
})
export type Owner = typeof Owner.Type

/** A figure of what a record has on a node, such as the bytes of a database. */
export const Measurement = Schema.Struct({
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  measure: Schema.String,
  value: Schema.Number,
  /** When it became so: a figure that stays the same is not written again. */
  measuredAt: Instant,
})
export type Measurement = typeof Measurement.Type

/** One thing of which a record may use only so much; nulls where nobody measures it, or nobody limits it. */
export const Usage = Schema.Struct({
  what: Schema.String,
  unit: Schema.Literals(["bytes", "bytes/s", "operations/s", "percent", "count"]),
  used: Schema.NullOr(Schema.Number),
  limit: Schema.NullOr(Schema.Number),
  percent: Schema.NullOr(Schema.Number),
  /** Counted among the records, and not measured on a host. */
  counted: Schema.Boolean,
})
export type Usage = typeof Usage.Type

export const UsageEntry = Schema.Struct({ kind: Schema.String, name: Schema.String, uses: Schema.Array(Usage) })
export type UsageEntry = typeof UsageEntry.Type

/** How many of a kind there are, and in which state. */
const Counted = Schema.Struct({
  total: Schema.Int,
  ready: Schema.Int,
  reconciling: Schema.Int,
  stalled: Schema.Int,
  waiting: Schema.Int,
  deleting: Schema.Int,
})

export const CustomerDashboard = Schema.Struct({
  accounts: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      suspended: Schema.Boolean,
      package: Schema.NullOr(Schema.String),
      state: State,
      notices: Schema.Array(Schema.String),
    }),
  ),
  websites: Counted,
  databases: Counted,
  cronJobs: Counted,
  certificates: Counted,
  /** What is used beside what may be used, by account. */
  usage: Schema.Array(UsageEntry),
  /** Of the last thirty days, with today. */
  traffic: Schema.Struct({ requests: Schema.Number, bytesIn: Schema.Number, bytesOut: Schema.Number }),
  latestBackup: Schema.NullOr(BackupKept),
  /** The newest twenty writes. */
  activity: Schema.Array(
    Schema.Struct({
      seq: Schema.Int,
      kind: Schema.String,
      name: Schema.String,
      action: Revision.fields.action,
      actor: Schema.String,
      at: Instant,
    }),
  ),
})
export type CustomerDashboard = typeof CustomerDashboard.Type

const Used = Schema.Struct({ used: Schema.Int, limit: Schema.NullOr(Schema.Int) })

const most = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })))
export const TenantLimits = Schema.Struct({
  customers: most,
  accounts: most,
  sites: most,
  databases: most,
  cronJobs: most,
  /** What all accounts together are given, in bytes. */
  disk: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))),
})
export type TenantLimits = typeof TenantLimits.Type

export const ResellerDashboard = Schema.Struct({
  customers: Used,
  accounts: Used,
  /** All that there is room for. */
  limits: TenantLimits,
  suspended: Schema.Int,
  websites: Counted,
  databases: Counted,
  traffic: CustomerDashboard.fields.traffic,
  /** Accounts that are near or beyond what they may use. */
  notices: Schema.Array(Schema.Struct({ account: Schema.String, notices: Schema.Array(Schema.String) })),
  activity: CustomerDashboard.fields.activity,
})
export type ResellerDashboard = typeof ResellerDashboard.Type

/** Sizes in bytes, as the agent saw them when it was heard of last. */
const NodeLoad = Schema.Struct({
  /** Programs that ran or wanted to, as means of 1, 5 and 15 minutes. */
  load1: Schema.Number,
  load5: Schema.Number,
  load15: Schema.Number,
  cores: Schema.Int,
  memory: Schema.Number,
  memoryAvailable: Schema.Number,
  /** Of the file system of the homes. */
  disk: Schema.Number,
  diskAvailable: Schema.Number,
  uptimeSeconds: Schema.Number,
})

export const OperatorDashboard = Schema.Struct({
  customers: Schema.Int,
  resellers: Schema.Int,
  users: Schema.Int,
  accounts: Schema.Int,
  suspended: Schema.Int,
  websites: Counted,
  databases: Counted,
  /** What accounts that are not suspended bring in by their packages (MRR and ARR), in minor units. */
  revenue: Schema.Array(Schema.Struct({ currency: Schema.String, monthly: Schema.Int, yearly: Schema.Int })),
  nodes: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      agent: NodeSeen.fields.agent,
      lastSeenAt: Instant,
      lastSweep: NodeSeen.fields.lastSweep,
      /** Null while the agent has not told. */
      load: Schema.NullOr(NodeLoad),
    }),
  ),
  /** What was found changed within the last day. */
  drift: Schema.Int,
  traffic: CustomerDashboard.fields.traffic,
  activity: CustomerDashboard.fields.activity,
})
export type OperatorDashboard = typeof OperatorDashboard.Type

/** What went through a record's sites on one day in UTC, on all nodes. */
export const TrafficDay = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  day: Schema.String,
  requests: Schema.Number,
  bytesIn: Schema.Number,
  bytesOut: Schema.Number,
})
export type TrafficDay = typeof TrafficDay.Type

/** A password that was set. */
export const PasswordSet = Schema.Struct({
  user: Schema.String,
  /** Only where it was made here, and only in this answer: nobody keeps it. */
  password: Schema.optionalKey(Schema.String),
  change: Change,
})
export type PasswordSet = typeof PasswordSet.Type

/** The outcome of recomputing the append-only chain over revisions and drift events. */
export const Verified = Schema.Struct({
  ok: Schema.Boolean,
  links: Schema.Int,
  /** Hash of the newest link, in hex: what an auditor notes down. */
  head: Schema.String,
  /** The first place where the chain does not hold. */
  broken: Schema.NullOr(
    Schema.Struct({
      chainSeq: Schema.NullOr(Schema.Int),
      table: Schema.String,
      rowSeq: Schema.Int,
      what: Schema.Literals(["link-missing", "link-changed", "row-changed", "row-missing", "row-unchained"]),
      message: Schema.String,
    }),
  ),
})
export type Verified = typeof Verified.Type

/** All secrets that a node could open, on their way to a file. */
export const SecretExport = Schema.Struct({
  id: Schema.String,
  node: Schema.String,
  requestedAt: Instant,
  state: Schema.Literals(["waiting", "done", "failed"]),
  /** An age file in ASCII armour, for the recovery key of the node's host. */
  file: Schema.NullOr(Schema.String),
  secrets: Schema.Int,
  /** Names of the places (`Kind/name#label`) whose secrets the node could not open. */
  closed: Schema.Array(Schema.String),
  failure: Schema.NullOr(Schema.String),
  mend: Schema.NullOr(Schema.String),
})
export type SecretExport = typeof SecretExport.Type

/** Somebody who may log in. */
export const User = Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  name: Schema.String,
  role: Role,
  locale: Schema.Literals(["en", "de"]),
  /** False until they have followed their invitation. */
  hasPassword: Schema.Boolean,
  suspendedAt: Schema.NullOr(Instant),
  suspendReason: Schema.String,
  /** When an auditor's access ends. */
  expiresAt: Schema.NullOr(Instant),
  /** The id of the reseller or customer that they are of; null for those who run the installation. */
  tenant: Schema.NullOr(Schema.String),
  /** Of a technical user: the records that they are for, `Site/blog`, and what they may do with them besides looking. */
  records: Schema.Array(Schema.String),
  verbs: Schema.Array(Verb),
  createdAt: Instant,
})
export type User = typeof User.Type

/** A reseller, or a customer: of a reseller, or of whoever runs the installation. */
export const Tenant = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["reseller", "customer"]),
  /** As accounts name it: `spec.customer`. */
  slug: Schema.String,
  name: Schema.String,
  /** The id of the reseller whose customer it is. */
  reseller: Schema.NullOr(Schema.String),
  /** Of a reseller: how many it has. */
  customers: Schema.Int,
  /** Accounts on the hosts; of a reseller those of its customers. */
  accounts: Schema.Int,
  users: Schema.Int,
  /** Of a reseller: how many it may have at most. What is not named has no limit. */
  limits: TenantLimits,
  /** Of a reseller: its part of what its customers pay, in hundredths of a percent. */
  commissionBasisPoints: Schema.Int,
  version: Schema.Int,
  createdAt: Instant,
})
export type Tenant = typeof Tenant.Type

/** A package as it is sold. Prices are whole minor units: 990 is 9.90 of a currency that has cents. */
export const Offer = Schema.Struct({
  /** The name of the Package record. */
  id: Schema.String,
  title: Schema.String,
  description: Schema.NullOr(Schema.String),
  limits: Schema.JsonObject,
  features: Schema.Array(Schema.String),
  /** ISO 4217. */
  currency: Schema.String,
  /** Null: not sold by that time. */
  monthlyPrice: Schema.NullOr(Schema.Number),
  yearlyPrice: Schema.NullOr(Schema.Number),
  visible: Schema.Boolean,
  /** Of those that whoever asks may see. */
  accounts: Schema.Int,
  version: Schema.Int,
})
export type Offer = typeof Offer.Type

/** A reseller's customer, with what they have. */
export const CustomerDetail = Schema.Struct({ ...Tenant.fields, things: Schema.Array(Thing) })
export type CustomerDetail = typeof CustomerDetail.Type

/** What a log-in gives. In a browser the tokens are cookies and stand nowhere else. */
export const LoggedIn = Schema.Struct({
  user: User,
  session: Schema.String,
  /** Seconds until the access token is renewed with /auth/refresh. */
  expiresIn: Schema.Int,
  accessToken: Schema.optionalKey(Schema.String),
  /** Works once. */
  refreshToken: Schema.optionalKey(Schema.String),
  /** Send it with the next log-in: a device that is known is not locked out by strangers. Only where it is new. */
  deviceToken: Schema.optionalKey(Schema.String),
})
export type LoggedIn = typeof LoggedIn.Type

export const OwnTenant = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["reseller", "customer"]),
  /** As accounts name it. */
  slug: Schema.String,
  name: Schema.String,
})
export type OwnTenant = typeof OwnTenant.Type

/** Somebody sees what another user sees: what the portal shows above every page. */
export const ActingAs = Schema.Struct({
  by: Schema.Struct({ id: Schema.String, email: Schema.String, name: Schema.String }),
  reason: Schema.String,
  until: Instant,
  /** False while they only look. */
  canWrite: Schema.Boolean,
})

/** The password was right; a code of the authenticator app, or one on paper, goes to /auth/2fa/verify with this ticket. */
export const CodeNeeded = Schema.Struct({
  ticket: Schema.String,
  /** In seconds. */
  expiresIn: Schema.Int,
  factors: Schema.Array(Schema.Literals(["totp", "passkey", "recovery-code"])),
  /** For `navigator.credentials.get`, where a passkey may be shown instead of a code. */
  passkey: Schema.optionalKey(Schema.JsonObject),
})

const base64url = (most: number) => Schema.String.check(Schema.isMaxLength(most), Schema.isPattern(/^[A-Za-z0-9_-]*$/))
const credential = {
  id: base64url(2000),
  rawId: base64url(2000),
  type: Schema.Literal("public-key"),
  authenticatorAttachment: Schema.optionalKey(Schema.NullOr(Schema.String.check(Schema.isMaxLength(100)))),
  clientExtensionResults: Schema.JsonObject,
}

/** What `navigator.credentials.create` gives, as `toJSON()` has it (WebAuthn level 3, RegistrationResponseJSON). */
export const PasskeyMade = Schema.Struct({
  ...credential,
  response: Schema.Struct({
    clientDataJSON: base64url(8000),
    attestationObject: base64url(40_000),
    transports: Schema.optionalKey(
      Schema.Array(Schema.String.check(Schema.isMaxLength(100))).check(Schema.isMaxLength(20)),
    ),
  }),
})
export type PasskeyMade = typeof PasskeyMade.Type

/** What `navigator.credentials.get` gives (AuthenticationResponseJSON). */
export const PasskeyProof = Schema.Struct({
  ...credential,
  response: Schema.Struct({
    clientDataJSON: base64url(8000),
    authenticatorData: base64url(8000),
    signature: base64url(8000),
    userHandle: Schema.optionalKey(Schema.NullOr(base64url(200))),
  }),
})
export type PasskeyProof = typeof PasskeyProof.Type

export const Passkey = Schema.Struct({
  id: Schema.String,
  /** As its user calls it. */
  name: Schema.String,
  /** The name that the portal had: it is good at no other. */
  host: Schema.String,
  /** Whether it is on more than one device. */
  synced: Schema.Boolean,
  createdAt: Instant,
  usedAt: Schema.NullOr(Instant),
})
export type Passkey = typeof Passkey.Type

/** `options` goes to the browser's `navigator.credentials`, and what it gives comes back with the ticket. */
export const PasskeyAsked = Schema.Struct({
  ticket: Schema.String,
  /** In seconds. */
  expiresIn: Schema.Int,
  options: Schema.JsonObject,
})

/** Each lets in once, in the place of an authenticator app that is lost. Shown this once. */
export const RecoveryCodes = Schema.Struct({ recoveryCodes: Schema.Array(Schema.String) })

/** An authenticator app to be, until a code of it is shown. */
export const NewFactor = Schema.Struct({
  ticket: Schema.String,
  expiresIn: Schema.Int,
  /** For typing. */
  secret: Schema.String,
  /** For a link: otpauth://. */
  uri: Schema.String,
  /** The same as a picture: SVG. */
  qr: Schema.String,
})

export const Session = Schema.Struct({
  id: Schema.String,
  /** The one that asks. */
  current: Schema.Boolean,
  createdAt: Instant,
  seenAt: Instant,
  expiresAt: Instant,
  address: Schema.String,
  /** What the client said that it is. */
  agent: Schema.String,
  /** Who looks at what you see, by their address; null in a session of your own. */
  actedInBy: Schema.NullOr(Schema.String),
})
export type Session = typeof Session.Type

export const ApiToken = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** Its first characters. */
  prefix: Schema.String,
  scopes: Schema.Array(Scope),
  /** Where it is good from; none: everywhere. */
  networks: Schema.Array(Schema.String),
  createdAt: Instant,
  expiresAt: Instant,
  /** To the minute. */
  usedAt: Schema.NullOr(Instant),
  usedFrom: Schema.NullOr(Schema.String),
})
export type ApiToken = typeof ApiToken.Type

/** What somebody did besides writing records. */
export const AuditEvent = Schema.Struct({
  seq: Schema.Int,
  at: Instant,
  action: Schema.Literals([
    "first-run.offered",
    "first-run.redeemed",
    "login",
    "login.locked",
    "logout",
    "config.changed",
    "email.asked",
    "email.changed",
    "package.changed",
    "password.asked",
    "password.changed",
    "password.forgotten",
    "passkey.added",
    "passkey.removed",
    "recovery-codes.made",
    "records.written",
    "second-factor.added",
    "second-factor.removed",
    "session.acted",
    "session.ended",
    "session.raised",
    "session.reused",
    "tenant.changed",
    "tenant.made",
    "tenant.removed",
    "token.made",
    "token.refused",
    "token.removed",
    "user.activated",
    "user.changed",
    "user.invited",
    "user.removed",
    "user.suspended",
    "webhook.changed",
  ]),
  outcome: Schema.Literals(["succeeded", "failed", "refused"]),
  actorId: Schema.NullOr(Schema.String),
  actor: Schema.String,
  /** As whom, where that is somebody else: the id of the user. */
  subjectId: Schema.NullOr(Schema.String),
  session: Schema.NullOr(Schema.String),
  address: Schema.String,
  agent: Schema.String,
  /** As the answer carried it in X-Request-Id. */
  requestId: Schema.String,
  target: Schema.String,
  before: Schema.NullOr(Schema.JsonObject),
  after: Schema.NullOr(Schema.JsonObject),
  details: Schema.JsonObject,
})
export type AuditEvent = typeof AuditEvent.Type

export const Readiness = Schema.Struct({
  /** `degraded`: all is answered, and on some node nothing is done about it for now. */
  status: Schema.Literals(["ready", "degraded"]),
  database: Schema.Literal("up"),
  /** The number of the newest. */
  migration: Schema.Int,
  agents: Schema.Array(Schema.Struct({ node: Schema.String, lastSeenAt: Instant, alive: Schema.Boolean })),
})
export type Readiness = typeof Readiness.Type

export const EmailSettingsStored = Schema.Struct({
  host: Schema.String.check(Schema.isMaxLength(253)),
  port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })),
  /** `tls` from the first byte on (465), `starttls` and nothing without it (587), or `none`. */
  security: Schema.Literals(["tls", "starttls", "none"]),
  user: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(320))),
  from: Schema.String.check(Schema.isMaxLength(254)),
  senderName: Schema.String.check(Schema.isMaxLength(100)),
  /** Where links lead: `https://panel.example.org`. */
  portal: Schema.String.check(Schema.isMaxLength(300)),
})
export type EmailSettingsStored = typeof EmailSettingsStored.Type

export const EmailSettings = Schema.Struct({ ...EmailSettingsStored.fields, hasPassword: Schema.Boolean })
export type EmailSettings = typeof EmailSettings.Type

/** Where no mail can be sent, the token of the invitation: for /auth/reset-password, shown this once. */
export const Invited = Schema.Struct({
  user: User,
  invited: Schema.Boolean,
  token: Schema.optionalKey(Schema.String),
})
