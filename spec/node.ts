/**
 * Node: the policy of one host. What is on the host (installed PHP versions, nginx, file systems) is not said but
 * observed, and lives in the node's facts.
 *
 * The one thing to know before changing it: every default is the careful one, because a node works before it has a record.
 */
import * as Schema from "effect/Schema"
import { ContactEmail, DirectoryUrl, letsEncrypt } from "./acme.ts"
import { explained, intBetween, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { KindName } from "./kind-names.ts"
import { atMost, noneTwice } from "./lists.ts"
import { NodeName, Port } from "./names.ts"
import { Network } from "./network.ts"
import { Trust } from "./x509.ts"

export const NodeSpec = Schema.Struct({
  mode: Schema.Literals(["enforce", "observe"]).pipe(
    explained("enforce converges the host; observe only reports what differs."),
    withDefault("enforce"),
  ),
  selfHeal: Schema.Boolean.pipe(explained("Whether drift is healed, or only reported."), withDefault(true)),
  selfHealExcept: Schema.Array(KindName).pipe(
    explained("Kinds whose drift is only reported, although selfHeal is true."),
    withDefault([]),
  ),
  prune: Schema.Struct({
    maxShare: intBetween(1, 100, "percent").pipe(
      explained("The largest share of what is owned that one plan may remove without asking."),
      withDefault(25),
    ),
    minimum: intBetween(0, 100000, "resources").pipe(
      explained("Plans that remove no more than this many never ask."),
      withDefault(10),
    ),
  }).pipe(explained("The guard against removing much by mistake."), withDefault({})),
  trashRetentionDays: intBetween(1, 3650, "days").pipe(
    explained("How long what held customers' data stays in the trash."),
    withDefault(30),
  ),
  http: Schema.Struct({
    port: Port.pipe(explained("The port that sites answer on."), withDefault(80)),
    httpsPort: Schema.Union([Port, Schema.Literal("none")]).pipe(
      explained("The port that sites with a certificate answer on over HTTPS; none where something else does."),
      withDefault(443),
    ),
    addresses: Schema.Array(Network)
      .check(atMost(20, "addresses"), noneTwice("address"))
      .pipe(
        explained("Addresses that the names of sites point to, where they are not those of the host's own interfaces."),
        withDefault([]),
      ),
  }).pipe(explained("How the host serves sites."), withDefault({})),
  trustedProxies: Schema.Array(Network)
    .check(atMost(500, "networks"), noneTwice("network"))
    .pipe(
      explained("Proxies in front of the host, who are believed what they say of the visitor's address and scheme."),
      withDefault([]),
    ),
  acme: Schema.Struct({
    directory: DirectoryUrl.pipe(
      explained("The ACME server of certificates that name none."),
      withDefault(letsEncrypt),
    ),
    email: Schema.optionalKey(ContactEmail.pipe(explained("Whom it writes to."))),
    trust: Schema.optionalKey(
      Trust.pipe(explained("Authorities that an ACME server may prove itself by, beside those that everybody trusts.")),
    ),
  }).pipe(explained("How certificates are ordered."), withDefault({})),
  backups: Schema.Struct({
    atOnce: intBetween(1, 64, "backups").pipe(
      explained(
        "How many scheduled backups, checks and drills of all accounts run at once; the others wait for their turn.",
      ),
      withDefault(2),
    ),
  }).pipe(explained("How accounts are backed up."), withDefault({})),
  webhooks: Schema.Struct({
    allow: Schema.Array(Network).pipe(
      explained("Addresses that webhooks may reach although they are not public: of your own network, say."),
      withDefault([]),
    ),
  }).pipe(explained("Where the host sends what records ask it to."), withDefault({})),
})
export type NodeSpec = typeof NodeSpec.Type

export const Node = defineKind({
  kind: "Node",
  description: "The policy of one host.",
  name: NodeName,
  spec: NodeSpec,
  references: () => [],
  claims: () => [],
})
