import { assert, describe, it } from "@effect/vitest"
import { keysFor } from "./ownership.ts"

describe("the keys that answer a question", () => {
  it("a path is asked for itself, then for the folders above it", () => {
    assert.deepStrictEqual(keysFor({ path: "/home//acme/sites/" }, ""), [
      "path:/home/acme/sites",
      "path:/home/acme",
      "path:/home",
    ])
    assert.deepStrictEqual(keysFor({ path: "/" }, ""), [])
  })

  it("a path of a directory host is asked for as the host sees it, and a folder that only looks like its root is not", () => {
    assert.deepStrictEqual(keysFor({ path: "/srv/h/etc" }, "/srv/h"), ["path:/etc"])
    assert.deepStrictEqual(keysFor({ path: "/srv/here" }, "/srv/h"), ["path:/srv/here", "path:/srv"])
  })

  it("a unit may be named without its suffix, and a number is a user id", () => {
    assert.deepStrictEqual(keysFor({ unit: "plumb-php8.2@acme" }, ""), [
      "unit:plumb-php8.2@acme",
      "unit:plumb-php8.2@acme.service",
    ])
    assert.deepStrictEqual(keysFor({ unit: "plumb-acme.slice" }, ""), ["unit:plumb-acme.slice"])
    assert.deepStrictEqual(keysFor({ user: "acme" }, ""), ["user:acme", "group:acme"])
    assert.deepStrictEqual(keysFor({ user: "10000" }, ""), ["uid:10000"])
  })
})
