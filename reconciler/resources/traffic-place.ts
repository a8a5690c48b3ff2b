// Where the web server writes a line for each request, for the agent to count.

import type { HostPath } from "../host/path.ts"

export const trafficFolder: HostPath = "/var/log/plumbline/traffic"
