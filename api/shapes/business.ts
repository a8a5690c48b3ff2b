/** Customers and resellers, what they have, what is sold to them, and what each sees first. */
import * as Schema from "effect/Schema"
import { Instant, State } from "../../spec/record.ts"
import { NodeStatus, Revision } from "./records.ts"
import { NodeSeen, UsageEntry } from "./running.ts"

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
