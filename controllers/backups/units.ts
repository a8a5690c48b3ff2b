/**
 * The templates that the timers of backups start, one instance a policy. The program they start is root's; what it has read
 * and written for it runs in units of its own, in the account's slice, without root's rights.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import * as to from "../encode/unit.ts"
import { unit } from "../encode/unit.ts"
import { backups } from "../layout.ts"

type Programs = NonNullable<Facts["backups"]>

const keeperUnit = (description: to.Unit, verb: to.Unit, { keeper }: Programs): to.Unit => unit`
  [Unit]
  Description=${description}
  StartLimitIntervalSec=0

  [Service]
  Type=exec
  # Of all policies a few things at a time, of one policy one.
  ExecStart=${to.path(backups.turn)} /usr/bin/flock --no-fork ${to.pathWith(backups.state, "/%I")} ${to.path(keeper.node)} ${to.path(keeper.program)} ${verb} %I
  TimeoutStopSec=30
  Nice=10
  IOSchedulingClass=idle
  OOMScoreAdjust=100
  NoNewPrivileges=yes
  ProtectKernelModules=yes
  PrivateDevices=yes
`

export const backupUnit = (programs: Programs): to.Unit =>
  keeperUnit(unit`Backup by the policy %I`, unit`backup`, programs)

export const checkUnit = (programs: Programs): to.Unit =>
  keeperUnit(unit`Check of the backups of the policy %I`, unit`check`, programs)

export const drillUnit = (programs: Programs): to.Unit =>
  keeperUnit(unit`Proof of the backups of the policy %I`, unit`drill`, programs)
