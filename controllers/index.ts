/** The controllers, one a kind: adding one is a line here. */
import type { Controller } from "../reconciler/contract/controller.ts"
import { account } from "./account.ts"
import { backup } from "./backup.ts"
import { backupPolicy } from "./backup-policy.ts"
import { certificate } from "./certificate.ts"
import { cronJob } from "./cron-job.ts"
import { database } from "./database.ts"
import { node } from "./node.ts"
import { aPackage } from "./package.ts"
import { php } from "./php.ts"
import { restore } from "./restore.ts"
import { site } from "./site.ts"
import { sshKey } from "./ssh-key.ts"

export const controllers: ReadonlyArray<Controller<never>> = [
  node,
  aPackage,
  account,
  php,
  site,
  certificate,
  database,
  cronJob,
  sshKey,
  backupPolicy,
  backup,
  restore,
]
