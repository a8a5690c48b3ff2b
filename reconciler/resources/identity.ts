// A name that means somebody else on this host. A number is never changed: files would belong to a stranger.

import { ResourceFailure } from "../contract/resource.ts"

export const ownedByAnother = (who: string, has: string, wanted: string): ResourceFailure =>
  new ResourceFailure({
    reason: "Conflict",
    message: `${who} exists on this host with ${has}, not ${wanted}`,
    mend: `Choose another name, or remove ${who} from the host if nothing belongs to it.`,
    verdict: { kind: "stall" },
  })
