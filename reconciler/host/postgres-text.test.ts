// What the encoders promise by themselves; that the server reads it so is proved against a server (postgresql.host.test.ts).

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { PgRole, WantedRole } from "./postgres.ts"
import { groupChange, roleChange } from "./postgres-statements.ts"
import { identifier, literal, password, withoutSecrets } from "./postgres-text.ts"

const given = (encode: (text: string) => string, text: string): string | undefined => {
  try {
    return encode(text)
  } catch {
    return undefined
  }
}
const verifier = `SCRAM-SHA-256$4096:${"s".repeat(22)}==$${"k".repeat(43)}=:${"v".repeat(43)}=`

describe("encoders of PostgreSQL's SQL", () => {
  it("quote an identifier so that it ends nowhere but at its end, and is never cut off", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (text) => {
        const encoded = given(identifier, text)
        if (encoded === undefined) return
        expect(encoded).toMatch(/^"(?:[^"]|"")*"$/)
        expect(encoded.slice(1, -1).replaceAll('""', '"')).toBe(text)
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(63)
      }),
    )
    for (const text of ["", "a\0b", "x".repeat(64), "\u00e4".repeat(32)]) expect(() => identifier(text)).toThrow()
  })

  it("quote a text so that it ends nowhere but at its end", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (text) => {
        const encoded = given(literal, text)
        if (encoded !== undefined) expect(encoded.slice(1, -1).replaceAll("''", "'")).toBe(text)
      }),
    )
    expect(literal("it's \\ $$")).toBe("'it''s \\ $$'")
  })

  it("take verifiers and no passwords, and hide them in what is shown", () => {
    expect(password(null)).toBe("PASSWORD NULL")
    for (const text of ["", "secret", `md5${"0a".repeat(16)}`, `${verifier}'`, `${verifier}\n`])
      expect(() => password(text)).toThrow()
    expect(withoutSecrets(`ALTER ROLE x ${password(verifier)} VALID`)).toBe("ALTER ROLE x PASSWORD '(hidden)' VALID")
  })
})

describe("a role is made so", () => {
  const want: WantedRole = {
    verifier,
    login: true,
    memberOf: ["plumb_sql", "shop"],
    begins: [{ as: "plumb_owner_shop", database: "shop" }],
  }
  const good: PgRole = {
    attributes: "LOGIN",
    verifier,
    memberOf: ["plumb_sql", "shop"],
    members: [],
    begins: [{ as: "plumb_owner_shop", database: "shop" }],
    strays: [],
  }

  it("with nothing when it is so, and without ending a session", () => {
    expect(roleChange("boss", want, good)).toEqual({ statements: [], endsSessions: false })
    expect(groupChange("shop", { attributes: "", memberOf: [], members: ["boss"] }, ["boss"])).toEqual([])
  })

  it("by taking what is too much, and ending the sessions that have it", () => {
    const seen: PgRole = {
      ...good,
      attributes: "LOGIN, SUPERUSER",
      memberOf: ["plumb_sql", "pg_monitor", "shop WITH ADMIN OPTION"],
      members: ["mallory"],
      begins: [{ as: "mallory", database: null }],
    }
    const { endsSessions, statements } = roleChange("boss", want, seen)
    expect(endsSessions).toBe(true)
    expect(statements.map((statement) => withoutSecrets(statement))).toEqual([
      `ALTER ROLE "boss" LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '(hidden)' VALID UNTIL 'infinity'`,
      'REVOKE "pg_monitor" FROM "boss" CASCADE',
      'REVOKE "shop" FROM "boss" CASCADE',
      'REVOKE "boss" FROM "mallory" CASCADE',
      'GRANT "shop" TO "boss"',
      'ALTER ROLE "boss" RESET role',
      `ALTER ROLE "boss" IN DATABASE "shop" SET role TO 'plumb_owner_shop'`,
    ])
  })

  it("a group loses attributes, memberships and members that are not its own", () => {
    const seen = { attributes: "LOGIN", memberOf: ["pg_read_all_data"], members: ["boss", "boss WITH ADMIN OPTION"] }
    expect(groupChange("shop", seen, ["boss"]).slice(1)).toEqual([
      'REVOKE "pg_read_all_data" FROM "shop" CASCADE',
      'REVOKE "shop" FROM "boss" CASCADE',
    ])
  })
})
