import { spawnSync } from "node:child_process"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountLayout, phpLayout, siteLayout, upstreamLayout } from "../layout.ts"
import { hostile } from "../samples/hostile.ts"
import { pathWith } from "./logrotate.ts"
import * as to from "./unit.ts"
import { UnsafeValue } from "./unsafe.ts"

const tried = (make: () => { toString(): string }): string | undefined => {
  try {
    return make().toString()
  } catch (error) {
    if (error instanceof UnsafeValue) return undefined
    throw error
  }
}

describe("the unit encoders", () => {
  it("give one word without specifier or variable, or refuse, whatever the value", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        for (const encoder of [to.path, to.version, to.name]) {
          const text = tried(() => encoder(value))
          if (text !== undefined) expect(text).toMatch(/^(?:[^\s"'\\%$;]+|"[^"\\%$\p{Cc}]+")$/u)
        }
        const rotated = tried(() => pathWith(value, "/*.log"))
        if (rotated !== undefined) expect(rotated).toMatch(/^"[^"*?[\]{}\\\p{Cc}]+\/\*\.log"$/u)
      }),
      { numRuns: 3000 },
    )
  })

  it("leave the specifier of a template alone", () => {
    expect(to.pathWith("/srv/a b", "/%I.conf").toString()).toBe('"/srv/a b/%I.conf"')
    expect(() => to.pathWith("/srv/%n", "/%I.conf")).toThrow(UnsafeValue)
  })
})

describe("the layout", () => {
  it("never leaves the folder that it names, whatever the name", () => {
    fc.assert(
      fc.property(hostile, hostile, (name, other) => {
        const home = tried(() => accountLayout(name).home)
        if (home !== undefined) expect(home).toMatch(/^\/home\/[a-z][a-z0-9-]*$/)
        const site = tried(() => siteLayout(name, "acme", other).documentRoot)
        if (site !== undefined)
          expect(site).toMatch(/^\/home\/acme\/sites\/[a-z0-9-]+(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/)
        const pool = tried(() => phpLayout(name, other).pool)
        if (pool !== undefined) expect(pool).toMatch(/^\/etc\/plumbline\/php\/[\d.]+\/[a-z0-9-]+\.conf$/)
        const member = tried(() => upstreamLayout(name).member)
        if (member !== undefined) expect(member).toMatch(/^php\/[a-z0-9-]+\.conf$/)
      }),
      { numRuns: 3000 },
    )
  })

  it("refuses the names of the system", () => {
    for (const name of ["root", "www-data", "plumbline", "systemd-resolve", "a-", "-a", "A", "a.b", ""])
      expect(() => accountLayout(name), name).toThrow(UnsafeValue)
  })

  const escapes = spawnSync("systemd-escape", ["acme-shop"], { encoding: "utf8" })
  it.skipIf(escapes.status !== 0)("names units as systemd-escape does", () => {
    expect(phpLayout("acme-shop", "8.2").unit).toBe(`plumb-php8.2@${escapes.stdout.trim()}.service`)
    expect(accountLayout("acme-shop").slice).toBe(`plumb-${escapes.stdout.trim()}.slice`)
  })
})
