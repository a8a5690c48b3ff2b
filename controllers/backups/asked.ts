/**
 * What starts something of a policy's that somebody asked for: the same program that the timers start, in a unit of its own.
 *
 * The one thing to know before changing it: the moment at which it was asked for makes the run's id, so that the same wish
 * is the same run.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { RunSpec } from "../../reconciler/resources/run.ts"
import { askedRun } from "../encode/moment.ts"
import { shaped } from "../encode/unsafe.ts"
import { backupLayout } from "../layout.ts"

export type Verb = "backup" | "restore"

export const asked = (
  verb: Verb,
  record: { readonly id: string; readonly kind: string; readonly name: string },
  policy: string,
  moment: string,
  { keeper }: NonNullable<Facts["backups"]>,
  passOver: boolean,
): RunSpec => {
  const { askedAt, runId } = askedRun(record.id, moment)
  const name = shaped("the name of a record", record.name, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "Use its name.")
  return {
    askedAt,
    unit: `plumb-asked-${runId}.service`,
    argv: [
      ...["/usr/bin/flock", "--no-fork", backupLayout(policy).state],
      ...[keeper.node, keeper.program, verb, policy],
      ...[runId, String(askedAt), `${record.kind}/${name}`, record.id],
    ],
    ...(passOver ? { passOver } : {}),
  }
}
