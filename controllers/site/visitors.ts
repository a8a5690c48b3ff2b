/**
 * Who may visit a site, and how much of it at a time.
 *
 * The one thing to know before changing it: a zone is memory of all nginx processes, and a site that sets a limit costs one
 * of the sizes below. A full zone of requests forgets the oldest visitors; a full zone of connections refuses new ones. A
 * zone keeps its key for ever: nginx refuses to load another key under the same name, and `nginx -t` does not see it.
 */
import type { SiteSpec } from "../../spec/site.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import type { Vhost } from "./vhost.ts"

export const accessRules = ({ access: { allow, deny } }: SiteSpec): ReadonlyArray<to.Nginx> => [
  ...deny.map((network) => nginx`deny ${to.network(network)};`),
  ...allow.map((network) => nginx`allow ${to.network(network)};`),
  ...(allow.length === 0 ? [] : [nginx`deny all;`]),
]

// 256 KiB hold 2,000 visitors' requests (128 bytes each) or 4,000 visitors' connections (64 bytes each).
export const limitZones = ({ layout, spec: { limits } }: Vhost): ReadonlyArray<to.Nginx> => [
  ...(limits.requestsPerSecond === undefined
    ? []
    : [
        nginx`limit_req_zone $plumb_visitor zone=${to.zone("requests", layout.name)}:256k rate=${to.integer(limits.requestsPerSecond, 1, 10_000)}r/s;`,
      ]),
  ...(limits.connections === undefined
    ? []
    : [nginx`limit_conn_zone $plumb_visitor zone=${to.zone("connections", layout.name)}:256k;`]),
]

export const limitRules = ({ layout, spec: { limits } }: Vhost): ReadonlyArray<to.Nginx> => [
  ...(limits.requestsPerSecond === undefined
    ? []
    : [
        limits.burst === 0
          ? nginx`limit_req zone=${to.zone("requests", layout.name)};`
          : nginx`limit_req zone=${to.zone("requests", layout.name)} burst=${to.integer(limits.burst, 1, 10_000)} nodelay;`,
      ]),
  ...(limits.connections === undefined
    ? []
    : [nginx`limit_conn ${to.zone("connections", layout.name)} ${to.integer(limits.connections, 1, 1000)};`]),
]
