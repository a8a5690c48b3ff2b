import { assert, it } from "@effect/vitest"
import { listenAddress } from "./listen-address.ts"

it("a place to listen is a port of this machine, or an address with a port", () => {
  assert.deepStrictEqual(listenAddress("9464"), { host: "127.0.0.1", port: 9464 })
  assert.deepStrictEqual(listenAddress("192.0.2.1:9464"), { host: "192.0.2.1", port: 9464 })
  assert.deepStrictEqual(listenAddress("[2001:db8::1]:9464"), { host: "2001:db8::1", port: 9464 })
  for (const odd of ["", "x", "70000", "9464x", "1.2.3.4", ":1", "/run/x", "9464\n", "a;b:1"])
    assert.isUndefined(listenAddress(odd), odd)
})
