// The life of a database of PostgreSQL on the files of a directory host. What it shares with MariaDB's is in sql.test.ts.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import type { Removal } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { listTrash } from "../host/trash.ts"
import { type PgDatabaseSpec, pgDatabaseType } from "./pg-database.ts"
import { type PgRoleSpec, pgRoleType } from "./pg-role.ts"

const spec: PgDatabaseSpec = { record: "Database/shop", readers: ["boss"], writers: [], owners: ["boss"] }
const removal: Removal = {
  onDelete: "trash",
  recordId: "r1",
  record: "Database/shop",
  retainUntil: "2030-01-01T00:00:00Z",
}
const heal = (id = "shop", record = "r1") =>
  Effect.flatMap(pgDatabaseType.observe(id, spec), (seen) => pgDatabaseType.apply(id, spec, seen, record))
const rows = (root: string, id = "shop") => `${root}/var/lib/postgresql/databases/${id}/rows`
const role: PgRoleSpec = { verifier: null, database: "shop", access: "admin" }

it("goes to a trash of its own, and comes back to its record alone", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      yield* pgDatabaseType.remove("shop", removal)
      expect((yield* listTrash).map(({ path }) => path)).toEqual(["/var/lib/plumbline/postgresql/shop.dump"])
      yield* heal("shop", "r2")
      expect(fs.existsSync(rows(root))).toBe(false)
      yield* pgDatabaseType.remove("shop", { ...removal, recordId: "r2" })
      yield* heal()
      expect(fs.readFileSync(rows(root), "utf8")).toBe("precious")
    }),
  ))

it("takes along what is in it when it is renamed", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      yield* heal("store")
      expect(fs.readFileSync(rows(root, "store"), "utf8")).toBe("precious")
    }),
  ))

it("takes no role over that somebody else has by the database's name", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const { postgres } = yield* Host
      yield* postgres.setRole("shop", { verifier: null, login: true, memberOf: [], begins: [] }, undefined)
      expect(yield* Effect.flip(heal())).toMatchObject({ reason: "Conflict" })
      expect(yield* postgres.database("shop")).toBeUndefined()
    }),
  ))

it("gives each access its roles, and nobody who is locked a log-in", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const { postgres } = yield* Host
      for (const [access, memberOf] of [
        ["read-only", ["plumb_sql", "shop"]],
        ["read-write", ["plumb_sql", "plumb_write_shop", "shop"]],
        ["admin", ["plumb_owner_shop", "plumb_sql", "shop"]],
      ] as const) {
        const seen = yield* pgRoleType.observe("boss", role)
        yield* pgRoleType.apply("boss", { ...role, access }, seen, "r1")
        expect(yield* postgres.role("boss")).toMatchObject({ attributes: "LOGIN", memberOf })
      }
      const locked: PgRoleSpec = { ...role, locked: true }
      const seen = yield* pgRoleType.observe("boss", locked)
      expect(pgRoleType.diff(locked, seen).map(({ field }) => field)).toEqual(["attributes"])
      yield* pgRoleType.apply("boss", locked, seen, "r1")
      expect(yield* postgres.role("boss")).toMatchObject({ attributes: "" })
    }),
  ))
