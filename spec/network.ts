/**
 * Addresses and networks of visitors, of both families, in the one canonical form that they are compared and rendered in.
 *
 * The one thing to know before changing it: `10.0.0.1/8` is refused, not rounded. Whoever writes it means one of two things,
 * and only they know which.
 */
import { isIPv4, isIPv6 } from "node:net"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"

/** The numbers of an address and how many bits each has. */
interface Parts {
  readonly numbers: ReadonlyArray<number>
  readonly width: 8 | 16
}

const hextets = (text: string): ReadonlyArray<number> =>
  text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16))

const partsOf = (address: string): Parts => {
  if (isIPv4(address)) return { numbers: address.split(".").map(Number), width: 8 }
  const [head = "", tail] = address.split("::")
  const [before, after] = [hextets(head), hextets(tail ?? "")]
  return {
    numbers: [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after],
    width: 16,
  }
}

// The URL standard prints IPv6 addresses as RFC 5952 wants them: lower case, the longest run of zeroes shortened.
const printIpv6 = (text: string): string => new URL(`http://[${text}]`).hostname.slice(1, -1)

const print = ({ numbers, width }: Parts): string =>
  width === 8 ? numbers.join(".") : printIpv6(numbers.map((number) => number.toString(16)).join(":"))

const bitsOf = ({ width }: Parts): number => (width === 8 ? 32 : 128)

/** The same with all bits after the prefix cleared. */
const masked = ({ numbers, width }: Parts, prefix: number): Parts => ({
  width,
  numbers: numbers.map((number, index) => {
    const cleared = Math.min(width, Math.max(0, width * (index + 1) - prefix))
    return (number >> cleared) << cleared
  }),
})

const split = (text: string): readonly [address: string, prefix: string | undefined] => {
  const slash = text.indexOf("/")
  return slash === -1 ? [text, undefined] : [text.slice(0, slash), text.slice(slash + 1)]
}

const mend = "Write an address or a network, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32."

export const networkFlaw = (text: string): Flaw | undefined => {
  const invisible = hiddenFlaw(text)
  if (invisible !== undefined) return invisible
  const [address, prefix] = split(text)
  // A zone (%eth0) is of one machine, and an IPv4 address in IPv6's clothes is never what a visitor comes from.
  if (address.includes("%") || !(isIPv4(address) || isIPv6(address)))
    return flaw(`${show(text)} is neither an address nor a network.`, mend)
  if (address.includes(":") && address.includes("."))
    return flaw(`${show(text)} is an IPv4 address written as IPv6.`, "Write the IPv4 address alone.")
  const parts = partsOf(isIPv4(address) ? address : printIpv6(address))
  if (prefix === undefined) return undefined
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bitsOf(parts))
    return flaw(`${show(`/${prefix}`)} is no length of a prefix.`, `Write a number from 0 to ${bitsOf(parts)}.`)
  const network = print(masked(parts, Number(prefix)))
  return network === print(parts)
    ? undefined
    : flaw(
        `${show(text)} has bits after its prefix.`,
        `Write ${network}/${Number(prefix)} for the network, or ${print(parts)} for the address.`,
      )
}

/** The form in which two that are the same are equal: what {@link networkFlaw} finds nothing wrong with has one. */
export const canonicalNetwork = (text: string): string => {
  const [address, prefix] = split(text)
  const parts = partsOf(isIPv4(address) ? address : printIpv6(address))
  return prefix === undefined || Number(prefix) === bitsOf(parts) ? print(parts) : `${print(parts)}/${Number(prefix)}`
}

/** The network of an address that a socket gave: what one line to the internet has, a whole /64 with IPv6 (RFC 6177). */
export const networkAround = (address: string): string => {
  const [bare = ""] = address.split("%")
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  if (mapped !== undefined || isIPv4(bare)) return mapped ?? bare
  return isIPv6(bare) ? `${print(masked(partsOf(printIpv6(bare)), 64))}/64` : "unknown"
}

const CanonicalNetwork = Schema.String.check(
  rule<string>(
    (text) =>
      networkFlaw(text) ??
      (canonicalNetwork(text) === text
        ? undefined
        : flaw(`${show(text)} is not canonical.`, `Write ${canonicalNetwork(text)}.`)),
  ),
).pipe(Schema.brand("Network"))

/** An address, or a network by its prefix. */
export const Network = Schema.String.annotate({ examples: ["192.0.2.0/24", "2001:db8::/32"] })
  .check(rule<string>(networkFlaw, { pattern: "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$", maxLength: 49 }))
  .pipe(
    Schema.decodeTo(
      CanonicalNetwork,
      SchemaTransformation.transform({ decode: (text) => canonicalNetwork(text), encode: (text) => text }),
    ),
  )
export type Network = typeof Network.Type

/** What no DNS can have, in the host of a URL: labels of 1 to 63 letters, digits and dashes (RFC 1035, section 2.3). */
export const hostFlaw = (url: string): Flaw | undefined => {
  const { hostname } = new URL(url)
  if (hostname.startsWith("[")) return undefined
  const wrong = hostname.split(".").find((label) => !/^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  return wrong === undefined && hostname.length <= 253
    ? undefined
    : flaw(
        `${show(hostname)} cannot be the name of a host.`,
        "Write 1 to 63 letters, digits and dashes between two dots.",
      )
}
