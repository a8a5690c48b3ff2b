// Flags that several commands share, so that they are spelled and explained the same everywhere.

import * as Flag from "effect/cli/Flag"

export const output = Flag.Literals("output", ["text", "json"]).pipe(
  Flag.withAlias("o"),
  Flag.withDescription("text for people (default), json for scripts"),
  Flag.withDefault("text" as const),
)

export const files = Flag.String("file").pipe(
  Flag.withAlias("f"),
  Flag.withMetavar("FILE|DIR|-"),
  Flag.withDescription("A YAML or JSON file, a folder of them, or - for stdin; may be repeated"),
  Flag.atLeast(1),
)

export const source = Flag.String("source").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription("What the records are stamped with, and pruned by (default: the folder's path)"),
  Flag.optional,
)

export const prune = Flag.Boolean("prune").pipe(
  Flag.withDescription("Delete what this folder brought earlier and no longer holds"),
  Flag.withDefault(false),
)

export const confirmPrune = Flag.Boolean("confirm-prune").pipe(
  Flag.withDescription("Agree to a prune that deletes more than the guard's share"),
  Flag.withDefault(false),
)

export const wait = Flag.Boolean("wait").pipe(
  Flag.withDescription("Wait until the host is as the records say, or cannot become so"),
  Flag.withDefault(false),
)

export const timeout = Flag.String("timeout").pipe(
  Flag.withMetavar("DURATION"),
  Flag.withDescription("How long to wait: 30s, 5m, 1h (default: 2m)"),
  Flag.withDefault("2m"),
)
