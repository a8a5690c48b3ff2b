/**
 * Php: one PHP-FPM master of an account, in one version, with its one pool of workers.
 *
 * The one thing to know before changing it: an account has at most one Php record a version (the claim below), because the
 * unit, the socket and the configuration on the host are named by account and version, not by this record.
 */
import * as Schema from "effect/Schema"
import { explained, intBetween, withDefault } from "./grammar.ts"
import { Ini } from "./ini.ts"
import { defineKind } from "./kind.ts"
import { AccountName, ExtensionName, PhpVersion, RecordName } from "./names.ts"

export const PhpPool = Schema.Struct({
  mode: Schema.Literals(["ondemand", "dynamic"]).pipe(
    explained("ondemand starts workers for requests alone; dynamic keeps some waiting."),
    withDefault("ondemand"),
  ),
  maxChildren: intBetween(1, 500, "workers").pipe(explained("The most requests at one time."), withDefault(5)),
  idleTimeout: intBetween(1, 3600, "seconds").pipe(explained("When an idle worker ends (ondemand)."), withDefault(30)),
  maxRequests: intBetween(0, 1000000, "requests").pipe(
    explained("After how many requests a worker is replaced; 0 is never."),
    withDefault(500),
  ),
  requestTimeout: intBetween(1, 3600, "seconds").pipe(
    explained("When a request that still runs is ended, whatever max_execution_time says."),
    withDefault(300),
  ),
  slowRequest: Schema.optionalKey(
    intBetween(1, 3600, "seconds").pipe(
      explained("When a request counts as slow: where it is by then is written to ~/logs/php-VERSION-slow.log."),
    ),
  ),
})
export type PhpPool = typeof PhpPool.Type

export const PhpSpec = Schema.Struct({
  account: AccountName.pipe(explained("The account that the PHP runs as.")),
  version: PhpVersion.pipe(explained('The version of PHP, in quotes: "8.2".')),
  ini: Ini.pipe(explained("Settings of php.ini. What is not given keeps the platform's value."), withDefault({})),
  pool: PhpPool.pipe(explained("How many workers there are and how long they live."), withDefault({})),
  extensions: Schema.Record(ExtensionName, Schema.Boolean).pipe(
    explained("Extensions to load (true) or leave out (false) beside the platform's choice."),
    withDefault({}),
  ),
})
export type PhpSpec = typeof PhpSpec.Type

export const Php = defineKind({
  kind: "Php",
  description: "One PHP-FPM master of an account, in one version, with its pool of workers.",
  name: RecordName,
  spec: PhpSpec,
  references: (spec) => [{ kind: "Account", name: spec.account, field: "spec.account" }],
  counts: (spec) => [{ kind: "Account", name: spec.account, what: "phps", field: "spec.account" }],
  claims: (_name, spec) => [{ key: `php:${spec.account}/${spec.version}`, field: "spec.version" }],
})
