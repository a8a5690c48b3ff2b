// This machine, as root.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { accountsFile } from "./accounts-file.ts"
import { liveAccounts } from "./accounts-live.ts"
import { noClaims } from "./claims.ts"
import { toFailure } from "./failure.ts"
import { filesOnDisk } from "./files-disk.ts"
import { Host } from "./host.ts"
import { nginxProgram } from "./nginx-program.ts"
import { liveOwners } from "./owners.ts"
import { livePacketFilter } from "./packet-filter-live.ts"
import { livePostgres } from "./postgres-live.ts"
import { liveQuotas } from "./quotas-live.ts"
import { liveSql } from "./sql-live.ts"
import { sshdProgram } from "./sshd.ts"
import { makeStateFolders } from "./state-folders.ts"
import { liveSystemd } from "./systemd-live.ts"
import { makeShow } from "./systemd-show.ts"
import { liveTenant } from "./tenant-live.ts"
import { makeTimers } from "./timers-live.ts"

export const live = Layer.effect(
  Host,
  Effect.gen(function* () {
    const accounts = accountsFile("")
    const files = filesOnDisk("", liveOwners(accounts))
    yield* Effect.try({ try: () => makeStateFolders(files), catch: toFailure })
    return Host.of({
      kind: "live",
      root: "",
      files,
      accounts: liveAccounts(accounts),
      systemd: liveSystemd(files, yield* makeShow),
      nginx: yield* nginxProgram("", (argv) => argv, undefined, 0o027),
      sql: yield* liveSql(files),
      postgres: livePostgres(files),
      quotas: yield* liveQuotas(files),
      packetFilter: yield* livePacketFilter,
      tenant: liveTenant(accounts),
      sshd: yield* sshdProgram,
      claims: noClaims(),
      timers: yield* makeTimers(files),
    })
  }),
)
