// Timers that start a service at times of the calendar, and runs that somebody asked for. No unit file a job: with thousands
// of them each `daemon-reload` freezes the machine. A timer is transient, outlives the agent, and is gone after a boot.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { HostPath } from "./path.ts"

export interface Timers {
  /** The expressions by which a running timer elapses, as systemd prints them; undefined when it does not run. */
  readonly calendarOf: (timer: string) => Effect.Effect<ReadonlyArray<string> | undefined, ResourceFailure>
  /** Runs a timer that starts the service of the same name; one that runs by other times is replaced. */
  readonly start: (timer: string, calendar: ReadonlyArray<string>) => Effect.Effect<void, ResourceFailure>
  /** What it has started goes on. */
  readonly stop: (timer: string) => Effect.Effect<void, ResourceFailure>
  /**
   * Runs a command once and for all: whoever makes the folder `mark` runs it, and where the folder is already, nobody does.
   * Comes back when the folder is there.
   */
  readonly once: (
    run: { readonly unit: string; readonly mark: HostPath },
    argv: ReadonlyArray<string>,
  ) => Effect.Effect<void, ResourceFailure>
  /** Runs a command that cleans up after itself once more: it was begun, and ended with no word. */
  readonly again: (unit: string, argv: ReadonlyArray<string>) => Effect.Effect<void, ResourceFailure>
}

/** Where systemd keeps transient units. */
export const transientFolder: HostPath = "/run/systemd/transient"

export const serviceOf = (timer: string): string => timer.replace(/\.timer$/, ".service")
