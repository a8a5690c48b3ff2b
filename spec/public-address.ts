// Which addresses a request that a customer asked for may go to. Whoever sends it stands inside of networks that the customer
// does not: its own loopback, its neighbours', the metadata service of whoever rents it out. None of those, unless it says so.
// https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry

import { BlockList, isIP, isIPv4 } from "node:net"

const blockList = (networks: ReadonlyArray<string>): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", prefix] = network.split("/")
    const family = isIPv4(address) ? "ipv4" : "ipv6"
    list.addSubnet(address, prefix === undefined ? (family === "ipv4" ? 32 : 128) : Number(prefix), family)
  }
  return list
}

const special = blockList([
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  "224.0.0.0/3",
])
// Of IPv6 what is global unicast, less what leads to IPv4 (Teredo, 6to4), to nowhere, or is not to be routed.
const global = blockList(["2000::/3"])
const specialOfIpv6 = blockList(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

const isPublic = (address: string): boolean =>
  isIPv4(address)
    ? !special.check(address, "ipv4")
    : global.check(address, "ipv6") && !specialOfIpv6.check(address, "ipv6")

/** `allowed`: networks that are not public and may be reached all the same. */
export const mayReach = (address: string, allowed: ReadonlyArray<string>): boolean => {
  const family = isIP(address)
  if (family === 0 || address.includes("%")) return false
  return isPublic(address) || blockList(allowed).check(address, family === 4 ? "ipv4" : "ipv6")
}
