// Why an authority did not find us: the names looked up here, and compared with this host's addresses.

import { promises as dns } from "node:dns"
import { BlockList, isIPv4, isIPv6 } from "node:net"
import { networkInterfaces } from "node:os"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** What is known of names and of this machine. PLUMB_DNS_SERVERS: whom to ask instead of those of resolv.conf(5). */
export class Lookup extends Context.Reference<{
  /** All addresses of a name; none where it has none. Fails where nobody answers. */
  readonly addresses: (name: string) => Promise<ReadonlyArray<string>>
  /** Those of this host. */
  readonly own: () => ReadonlyArray<string>
}>("plumbline/reconciler/acme/Lookup", {
  defaultValue: () => ({
    addresses: async (name) => {
      const resolver = new dns.Resolver({ timeout: 3000, tries: 2 })
      const servers = process.env["PLUMB_DNS_SERVERS"]
      if (servers !== undefined && servers !== "") resolver.setServers(servers.split(","))
      const found = await Promise.all([none(resolver.resolve4(name)), none(resolver.resolve6(name))])
      return found.flat()
    },
    own: () =>
      Object.values(networkInterfaces()).flatMap((list) =>
        (list ?? []).flatMap(({ address, internal }) => (internal || address.startsWith("fe80:") ? [] : [address])),
      ),
  }),
}) {}

const none = (asked: Promise<ReadonlyArray<string>>): Promise<ReadonlyArray<string>> =>
  asked.catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOTFOUND" || cause.code === "ENODATA") return []
    throw cause
  })

/** What is wrong with the name in the DNS; undefined when nothing is, or nobody can tell. */
export const wrongInDns = (name: string, more: ReadonlyArray<string>): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    const { addresses, own } = yield* Lookup
    const found = yield* Effect.tryPromise(() => addresses(name)).pipe(Effect.orElseSucceed(() => undefined))
    if (found === undefined) return undefined
    if (found.length === 0) return `${name} has no address in the DNS.`
    const here = [...more, ...own()]
    const ours = new BlockList()
    for (const one of here) {
      const [address = "", prefix] = one.split("/")
      const family = isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : undefined
      if (family === undefined) continue
      if (prefix === undefined) ours.addAddress(address, family)
      else ours.addSubnet(address, Number(prefix), family)
    }
    const elsewhere = found.filter((address) => !ours.check(address, isIPv4(address) ? "ipv4" : "ipv6"))
    return elsewhere.length === 0
      ? undefined
      : `${name} points to ${elsewhere.slice(0, 3).join(", ")}, this host is ${here.slice(0, 3).join(", ")}.`
  })
