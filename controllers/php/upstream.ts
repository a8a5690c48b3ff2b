/**
 * The upstream that a Php record is to nginx: the one line that says which socket `php_NAME` is.
 *
 * The one thing to know before changing it: it changes only after the new master answers, which is why a switch of version
 * loses nothing.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { PhpSpec } from "../../spec/php.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { phpLayout, seenBy, upstreamLayout } from "../layout.ts"

export const upstream = (name: string, { account, version }: PhpSpec, facts: Facts): to.Nginx => nginx`
  upstream ${to.identifier(upstreamLayout(name).upstream)} {
      server ${to.unixSocket(seenBy(facts, phpLayout(account, version).socket))} max_fails=0;
  }
`
