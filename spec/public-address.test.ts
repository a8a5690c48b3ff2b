import { expect, it } from "vitest"
import { mayReach } from "./public-address.ts"

it.each([
  ...["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "192.167.1.1", "223.255.255.255"],
  ...["2606:4700::1111", "2a01:4f8::1", "2400:cb00::1"],
])("%s is public", (address) => {
  expect(mayReach(address, [])).toBe(true)
})

const inside = [
  ...[
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
  ],
  ...["100.64.0.1", "192.0.0.170", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
  ...[
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
  ],
  ...["fd12::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "100::1", "3fff::1"],
]

it.each(inside)("%s is not, unless the node says so", (address) => {
  expect(mayReach(address, [])).toBe(false)
  expect(mayReach(address, ["10.99.0.0/16", "fd99::/16"])).toBe(false)
})

it("what a node allows is no more than it says", () => {
  expect(mayReach("10.1.2.3", ["10.1.0.0/16"])).toBe(true)
  expect(mayReach("10.2.2.3", ["10.1.0.0/16"])).toBe(false)
  expect(mayReach("fd12::7", ["fd12::/16"])).toBe(true)
  expect(mayReach("127.0.0.1", ["127.0.0.1"])).toBe(true)
  expect(mayReach("127.0.0.2", ["127.0.0.1"])).toBe(false)
})

it.each(["", "localhost", "127.1", "0x7f.0.0.1", "fe80::1%eth0", "2130706433"])("%s is no address", (text) => {
  expect(mayReach(text, ["0.0.0.0/0", "::/0"])).toBe(false)
})
