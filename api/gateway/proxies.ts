/**
 * Who really asks, where a proxy stands in between: what it says in X-Forwarded-For counts if it is one of ours, and otherwise
 * anybody could say anything.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net"

export type Trusted = (address: string) => boolean

/** Of addresses and networks in their canonical form. */
export const trusting = (networks: ReadonlyArray<string>): Trusted => {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", prefix] = network.split("/")
    const family = isIPv6(address) ? "ipv6" : "ipv4"
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? "ipv6" : "ipv4")
}

const bare = (text: string): string => {
  const trimmed = text.trim()
  if (isIPv4(trimmed)) return trimmed
  // With a port, as some proxies write it: 192.0.2.7:1234, [2001:db8::1]:1234.
  const found = /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(trimmed)?.[1]
  const address = found ?? trimmed
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/** The last address that none of our own proxies has, read from the nearest on; one that is none ends the search. */
export const clientOf = (peer: string, forwarded: string | undefined, trusted: Trusted): string => {
  let client = bare(peer)
  const hops = (forwarded ?? "").slice(-2000).split(",")
  while (trusted(client)) {
    const next = bare(hops.pop() ?? "")
    if (isIP(next) === 0) break
    client = next
  }
  return client
}
