// What the encoders promise by themselves; that the server reads it so is proved against a server (database.host.test.ts).

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountChange, endSessions } from "./sql-statements.ts"
import { account, grantedDatabase, identifier, literal, privileges, withoutSecrets } from "./sql-text.ts"

const given = (encode: (text: string) => string, text: string): string | undefined => {
  try {
    return encode(text)
  } catch {
    return undefined
  }
}

describe("encoders of SQL", () => {
  it("quote an identifier so that it ends nowhere but at its end", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (text) => {
        const encoded = given(identifier, text)
        if (encoded === undefined) return
        expect(encoded).toMatch(/^`(?:[^`]|``)*`$/)
        expect(encoded.slice(1, -1).replaceAll("``", "`")).toBe(text)
        expect(text.length).toBeLessThanOrEqual(64)
      }),
    )
  })

  it("quote a text so that it ends nowhere but at its end", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (text) => {
        const encoded = given(literal, text)
        if (encoded !== undefined) expect(encoded.slice(1, -1).replaceAll("''", "'")).toBe(text)
      }),
    )
    expect(literal("it's")).toBe("'it''s'")
    expect(() => literal("a\0b")).toThrow()
  })

  it("grant on one database, and on none that looks like it", () => {
    expect(grantedDatabase("acme_shop")).toBe("`acme\\_shop`")
    expect(grantedDatabase("a%b`c")).toBe("`a\\%b``c`")
    expect(() => grantedDatabase("a\\b")).toThrow()
    expect(() => grantedDatabase("a_".repeat(22))).toThrow()
  })

  it("refuse what is no list of privileges", () => {
    expect(privileges("SELECT, SHOW VIEW")).toBe("SELECT, SHOW VIEW")
    for (const text of ["", "SELECT ON *.* TO x; --", "select", "A,B", "A, "]) expect(() => privileges(text)).toThrow()
  })

  it("hide verifiers in what is shown", () => {
    const verifier = `*${"0A".repeat(20)}`
    expect(withoutSecrets(`USING '${verifier}'`)).toBe("USING '(hidden)'")
    expect(account("it's", "localhost")).toBe("'it''s'@'localhost'")
    expect(endSessions("shop")).toBe("KILL USER 'shop'")
  })
})

const verifier = `*${"0A".repeat(20)}`
const want = { host: "localhost", verifier, database: "acme_shop", privileges: "SELECT, SHOW VIEW" }
const seen = {
  host: "localhost",
  plugin: "mysql_native_password",
  verifier,
  grants: [{ on: "acme\\_shop.*", privileges: "SELECT, SHOW VIEW" }],
  settings: [],
}
const who = "'shop'@'localhost'"

describe("the statements for an account", () => {
  it("are none when it is as it shall be", () => {
    expect(accountChange("shop", want, seen)).toEqual({ statements: [], endsSessions: false })
  })

  it("make one that is not there", () => {
    expect(accountChange("shop", want, undefined).statements).toEqual([
      `CREATE USER ${who} IDENTIFIED VIA mysql_native_password USING '${verifier}'`,
      `GRANT SELECT, SHOW VIEW ON \`acme\\_shop\`.* TO ${who}`,
    ])
  })

  it("give what is missing, take what is too much, and end sessions only then", () => {
    const more = { ...seen, grants: [{ on: "acme\\_shop.*", privileges: "DROP, SELECT" }] }
    expect(accountChange("shop", want, more)).toEqual({
      statements: [`GRANT SHOW VIEW ON \`acme\\_shop\`.* TO ${who}`, `REVOKE DROP ON \`acme\\_shop\`.* FROM ${who}`],
      endsSessions: true,
    })
    const less = { ...seen, grants: [{ on: "acme\\_shop.*", privileges: "SELECT" }] }
    expect(accountChange("shop", want, less)).toMatchObject({ endsSessions: false })
  })

  it("take away rights elsewhere, roles and proxies, and give its own again", () => {
    const grants = [
      ...seen.grants,
      { on: "*.*", privileges: "FILE" },
      { on: "role dba", privileges: "MEMBER", role: "dba" },
      { on: "proxy root@%", privileges: "PROXY", proxied: { user: "root", host: "%" } },
    ]
    expect(accountChange("shop", want, { ...seen, grants }).statements).toEqual([
      `REVOKE \`dba\` FROM ${who}`,
      `REVOKE PROXY ON 'root'@'%' FROM ${who}`,
      `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${who}`,
      `GRANT SELECT, SHOW VIEW ON \`acme\\_shop\`.* TO ${who}`,
    ])
  })
})
