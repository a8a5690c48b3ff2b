// Which things of the host somebody's record has claimed, for a resource type that has to tell a stranger's from another
// record's. The agent answers from the inventory; before there is one, nothing is a stranger's.

import type { HostKey } from "../contract/resource.ts"

export interface Claims {
  isClaimed: (key: HostKey) => boolean
}

export const noClaims = (): Claims => ({ isClaimed: () => true })
