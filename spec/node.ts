/**
 * Node: the policy of one host. What is on the host (installed PHP versions, nginx, file systems) is not said but
 * observed, and lives in the node's facts.
 *
 * The one thing to know before changing it: every default is the careful one, because a node works before it has a record.
 */
import * as Schema from "effect/Schema"
import { explained, intBetween, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { KindName } from "./kind-names.ts"
import { NodeName, Port } from "./names.ts"

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
  }).pipe(explained("How the host serves sites."), withDefault({})),
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
