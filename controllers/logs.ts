/**
 * What a folder of logs means for nginx: it holds the files open, and goes on writing to those of a folder that is gone.
 */
import type { Facts } from "../reconciler/contract/facts.ts"
import type { Activation } from "../reconciler/contract/resource.ts"
import { platform } from "./layout.ts"

/** A reload opens all logs anew; that of a new vhost is the same one. */
export const reopenLogs = (facts: Facts): ReadonlyArray<Activation> =>
  facts.nginx === null ? [] : [{ kind: "unit", name: platform.nginxUnit, action: "reload" }]
