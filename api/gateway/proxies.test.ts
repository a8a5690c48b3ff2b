import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { clientOf, trusting } from "./proxies.ts"

const ours = trusting(["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"])

describe("the address of a client", () => {
  it.each([
    ["127.0.0.1", "192.0.2.7", "192.0.2.7"],
    ["::ffff:127.0.0.1", "192.0.2.7", "192.0.2.7"],
    ["127.0.0.1", "192.0.2.7:4711", "192.0.2.7"],
    ["127.0.0.1", "[2001:db8:2::7]:4711", "2001:db8:2::7"],
    ["127.0.0.1", "2001:db8:2::7", "2001:db8:2::7"],
    ["2001:db8:1::9", "192.0.2.7", "192.0.2.7"],
    ["127.0.0.1", "198.51.100.1, 192.0.2.7, 10.1.2.3", "192.0.2.7"],
    ["127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "", "127.0.0.1"],
    ["127.0.0.1", "unknown", "127.0.0.1"],
    ["127.0.0.1", "192.0.2.7, nonsense", "127.0.0.1"],
    ["127.0.0.1", "192.0.2.7, nonsense, 10.0.0.1", "10.0.0.1"],
    ["127.0.0.1", "192.0.2.999", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.1\r\nx: y", "127.0.0.1"],
    ["192.0.2.1", "198.51.100.1", "192.0.2.1"],
    ["192.0.2.1", "127.0.0.1", "192.0.2.1"],
    ["unknown", "198.51.100.1", "unknown"],
  ])("that is connected as %s and forwarded for %j is %s", (peer, forwarded, client) =>
    expect(clientOf(peer, forwarded, ours)).toBe(client),
  )

  it("is nobody's to choose who is not a proxy of ours", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.string(), (peer, forwarded) => {
        fc.pre(!ours(peer))
        expect(clientOf(peer, forwarded, ours)).toBe(peer)
        // Nor by what a stranger had sent to the proxy, which adds the address that it sees.
        expect(clientOf("127.0.0.1", `${forwarded}, ${peer}`, ours)).toBe(peer)
      }),
    )
  })

  it("is found within a moment in 10 MB", () => {
    expect(clientOf("127.0.0.1", "10.0.0.1,".repeat(1_000_000), ours)).toBe("127.0.0.1")
  })
})
