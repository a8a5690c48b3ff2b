// The life of a database and its users, on the files of a directory host: whose it is, where it goes, how it comes back.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import type { Removal } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { mariadbNotes } from "../host/sql-notes.ts"
import { listTrash } from "../host/trash.ts"
import { type SqlDatabaseSpec, sqlDatabaseType } from "./sql-database.ts"
import { type SqlUserSpec, sqlUserType } from "./sql-user.ts"

const spec: SqlDatabaseSpec = { characterSet: "utf8mb4", collation: "utf8mb4_bin", record: "Database/shop" }
const removal: Removal = {
  onDelete: "trash",
  recordId: "r1",
  record: "Database/shop",
  retainUntil: "2030-01-01T00:00:00Z",
}

const differ = (id = "shop") =>
  Effect.map(sqlDatabaseType.observe(id, spec), (seen) => sqlDatabaseType.diff(spec, seen))
const heal = (id = "shop", record = "r1") =>
  Effect.flatMap(sqlDatabaseType.observe(id, spec), (seen) => sqlDatabaseType.apply(id, spec, seen, record))

/** Stands for the tables, in a folder that is a database. */
const rows = (root: string, id = "shop") => `${root}/var/lib/mysql/${id}/rows`

it("is not taken for the record's when it was there before, however alike", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const { sql } = yield* Host
      yield* sql.createDatabase("shop", spec)
      expect((yield* differ()).map(({ field }) => field)).toEqual(["record"])
    }),
  ))

it("goes to the trash as a dump, and comes back to its record with what was in it", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      yield* sqlDatabaseType.remove("shop", removal)
      expect(yield* sqlDatabaseType.observe("shop", spec)).toBeUndefined()
      expect((yield* listTrash).map(({ record }) => record)).toEqual(["Database/shop"])
      yield* heal()
      expect(fs.readFileSync(rows(root), "utf8")).toBe("precious")
      expect(yield* listTrash).toEqual([])
      expect(yield* differ()).toEqual([])
    }),
  ))

it("does not come back to a later record of the same name", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      yield* sqlDatabaseType.remove("shop", removal)
      yield* heal("shop", "r2")
      expect(fs.existsSync(rows(root))).toBe(false)
    }),
  ))

it("takes along what is in it when it is renamed, and leaves the old one to be removed", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      yield* heal("store")
      expect(fs.readFileSync(rows(root, "store"), "utf8")).toBe("precious")
      yield* sqlDatabaseType.remove("shop", removal)
      expect((yield* listTrash).map(({ path }) => path)).toEqual(["/var/lib/plumbline/sql/shop.sql.gz"])
      expect(yield* differ("store")).toEqual([])
    }),
  ))

it("is empty again after somebody dropped it: what the trash has is older than what it held", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "old")
      yield* heal("store")
      yield* sqlDatabaseType.remove("shop", removal)
      // Renamed back, it comes from where it was last, not from the trash.
      fs.writeFileSync(rows(root, "store"), "new")
      yield* heal()
      yield* sqlDatabaseType.remove("store", removal)
      expect(fs.readFileSync(rows(root), "utf8")).toBe("new")
      const { sql } = yield* Host
      yield* sql.dropDatabase("shop")
      expect((yield* differ()).map(({ kind }) => kind)).toEqual(["missing"])
      yield* heal()
      expect(fs.existsSync(rows(root))).toBe(false)
    }),
  ))

it("is filled anew when the agent was killed while it filled it", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      yield* sqlDatabaseType.remove("shop", removal)
      yield* heal()
      // As it stood in the middle: the note says so, the dump is back, half of the rows are in.
      const { files, sql } = yield* Host
      yield* sql.dump("shop", "/var/lib/plumbline/sql/shop.sql.gz")
      mariadbNotes.write(files, "shop", { recordId: "r1", record: "Database/shop", filling: true })
      fs.writeFileSync(rows(root), "prec")
      expect((yield* differ()).map(({ field }) => field)).toEqual(["content"])
      yield* heal()
      expect(fs.readFileSync(rows(root), "utf8")).toBe("precious")
      expect(mariadbNotes.read(files, "shop")?.filling).toBeUndefined()
      expect(fs.readdirSync(`${root}/var/lib/plumbline/sql`)).toEqual(["shop.json"])
    }),
  ))

it("goes back to the trash whole when it is removed while it is filled", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal()
      fs.writeFileSync(rows(root), "precious")
      const { files, sql } = yield* Host
      yield* sql.dump("shop", "/var/lib/plumbline/sql/shop.sql.gz")
      mariadbNotes.write(files, "shop", { recordId: "r1", record: "Database/shop", filling: true })
      fs.writeFileSync(rows(root), "prec")
      yield* sqlDatabaseType.remove("shop", removal)
      yield* heal()
      expect(fs.readFileSync(rows(root), "utf8")).toBe("precious")
    }),
  ))

const shop: SqlUserSpec = {
  hosts: ["localhost"],
  verifier: `*${"0A".repeat(20)}`,
  database: "shop_1",
  privileges: ["SELECT", "SHOW VIEW"],
}
const userDiffs = (want = shop) => Effect.map(sqlUserType.observe("shop", want), (seen) => sqlUserType.diff(want, seen))
const healUser = (want = shop) =>
  Effect.flatMap(sqlUserType.observe("shop", want), (seen) => sqlUserType.apply("shop", want, seen, "r1"))

it("a user has one more place to come from, one more right, another password: each is told apart, and none is shown", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* healUser()
      const file = `${root}/var/lib/mysql/mysql/shop.json`
      const [account] = JSON.parse(fs.readFileSync(file, "utf8"))
      const planted = [
        { ...account, verifier: `*${"1B".repeat(20)}`, settings: ["account_locked: true"] },
        { ...account, host: "%" },
      ]
      planted[0].grants = [...account.grants, { on: "*.*", privileges: "FILE" }]
      fs.writeFileSync(file, JSON.stringify(planted))
      expect(yield* userDiffs()).toEqual([
        {
          field: "password from localhost",
          want: shop.verifier,
          have: `*${"1B".repeat(20)}`,
          kind: "changed",
          secret: true,
        },
        { field: "grant from localhost on *.*", want: "none", have: "FILE", kind: "extra" },
        { field: "locked from localhost", want: "no", have: "yes", kind: "changed" },
        { field: "from %", want: "refused", have: "let in", kind: "extra" },
      ])
      yield* healUser()
      expect(yield* userDiffs()).toEqual([])
    }),
  ))

it("a user is locked and let in again with the same password and rights", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const locked: SqlUserSpec = { ...shop, locked: true }
      yield* healUser()
      const { sql } = yield* Host
      const before = yield* sql.user("shop")
      expect(yield* userDiffs(locked)).toEqual([
        { field: "locked from localhost", want: "yes", have: "no", kind: "changed" },
      ])
      yield* healUser(locked)
      expect(yield* userDiffs(locked)).toEqual([])
      yield* healUser()
      expect(yield* sql.user("shop")).toEqual(before)
      yield* sqlUserType.remove("shop", {
        onDelete: "remove",
        recordId: "r1",
        record: "Database/shop",
        retainUntil: "",
      })
      yield* healUser(locked)
      expect(yield* userDiffs(locked)).toEqual([])
    }),
  ))

it("a user without a password exists, and nothing lets anybody in", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const without = { ...shop, verifier: null }
      yield* healUser(without)
      expect(yield* userDiffs(without)).toEqual([])
      const { sql } = yield* Host
      expect((yield* sql.user("shop"))[0]?.verifier).toBe("invalid")
    }),
  ))
