import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode, everyTable } from "../../fixtures/api/a-node.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { type KeyPair, parseKeyFile, sealCollection, unseal } from "../../spec/sealing.ts"
import { until, type WithApi, withApi } from "./harness.ts"

const run = Effect.runPromise
const verifier = `*${"0A".repeat(20)}`
const records = (password: string) => `apiVersion: plumbline.dev/v1
kind: Account
metadata:
  name: acme
spec: {}
---
apiVersion: plumbline.dev/v1
kind: Database
metadata:
  name: shop
spec:
  account: acme
  users:
    - name: shop
${password === "" ? "" : `      passwordVerifier: "${password}"\n`}    - name: report
`

let api: WithApi
let node: KeyPair
beforeAll(async () => {
  api = await withApi(await testDatabase())
  node = await run(aNode(api.databaseUrl))
})
afterAll(() => api.close())

const sealedIn = async (user: string) => {
  const { stdout } = await api.plumb(["get", "database", "shop", "-o", "json"])
  return JSON.parse(stdout).spec.users.find(({ name }: { name: string }) => name === user)?.passwordVerifier
}

/** The agent's part: answers the next request. */
const agentAnswers = async (set: string) => {
  await until(async () => {
    const rows = await api.sql<{ id: string }>(
      (sql) => sql`
        update secret_exports set answered_at = now(), ${sql.literal(set)} where answered_at is null
        returning id::text as id`,
    )
    return rows.length > 0
  })
}
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

describe("plumb and secrets", () => {
  it("shows a secret sealed: in a dry run, a diff, an export, the history and after the apply", async () => {
    api.write("shop.yaml", records(verifier))
    const said = [
      await api.plumb(["apply", "-f", "shop.yaml", "--dry-run"]),
      await api.plumb(["diff", "-f", "shop.yaml"]),
      await api.plumb(["apply", "-f", "shop.yaml"]),
      await api.plumb(["apply", "-f", "shop.yaml"]),
      await api.plumb(["export"]),
      await api.plumb(["get", "database", "shop", "-o", "yaml"]),
      await api.plumb(["history", "database", "shop"]),
      await api.plumb(["history", "database", "shop", "-o", "json"]),
      await api.plumb(["apply", "-f", "-"], { stdin: records("correct horse battery") }),
    ]
    assert.deepStrictEqual(
      said.map(({ code }) => code),
      [0, 1, 0, 0, 0, 0, 0, 0, 2],
      said.map(({ stderr }) => stderr).join(),
    )
    assert.match(said[0]?.stdout ?? "", /sealed: YWdlLWVuY3J5/)
    for (const { stdout, stderr } of said) {
      assert.notInclude(stdout + stderr, verifier)
      assert.notInclude(stdout + stderr, "correct horse")
    }
    assert.notInclude(await run(everyTable(api.databaseUrl)), verifier)
  })

  it("recovery-key makes a pair that age reads, for its owner alone, and never twice", async () => {
    const made = await api.plumb(["recovery-key", "recovery.key"])
    assert.strictEqual(made.code, 0, made.stderr)
    const path = join(api.folder, "recovery.key")
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    assert.strictEqual(parseKeyFile(readFileSync(path, "utf8"))?.recipient, made.stdout.trim())
    const before = readFileSync(path, "utf8")
    assert.strictEqual((await api.plumb(["recovery-key", "recovery.key"])).code, 2)
    assert.strictEqual(readFileSync(path, "utf8"), before)
  })

  it("export --secrets says why there is no file, and leaves none", async () => {
    const asked = api.plumb(["export", "--secrets", "none.age"])
    await agentAnswers("failure = 'This host has no recovery key.', mend = 'Make one.'")
    const { code, stderr } = await asked
    assert.strictEqual(code, 2)
    assert.match(stderr, /This host has no recovery key\.\n +Make one\./)
    assert.isFalse(existsSync(join(api.folder, "none.age")))
    assert.deepStrictEqual(await api.sql((sql) => sql`select id from secret_exports`), [])
  })

  it("export --secrets writes what the node gave for its owner alone, and over nothing that is there", async () => {
    const key = parseKeyFile(readFileSync(join(api.folder, "recovery.key"), "utf8"))
    assert.isDefined(key)
    const secrets = [
      { for: "Database/shop#users/shop", value: verifier },
      { for: "Database/gone#users/gone", value: verifier },
    ]
    const file = await run(sealCollection([key.recipient], secrets))
    const asked = api.plumb(["export", "--secrets", "all.age"])
    await agentAnswers(`file = ${quoted(file)}, secrets = 2, closed = '["Site/x#y"]'`)
    const { code, stderr, stdout } = await asked
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "kind: Database")
    assert.include(stderr, "2 secrets in all.age")
    assert.include(stderr, "Site/x#y")
    assert.strictEqual(readFileSync(join(api.folder, "all.age"), "utf8"), file)
    assert.strictEqual(statSync(join(api.folder, "all.age")).mode & 0o777, 0o600)
    assert.deepStrictEqual(await api.sql((sql) => sql`select id from secret_exports`), [])

    const again = await api.plumb(["export", "--secrets", "all.age"])
    assert.strictEqual(again.code, 2)
    assert.include(again.stderr, "--force")
    writeFileSync(join(api.folder, "old.age"), "old", { mode: 0o644 })
    const forced = api.plumb(["export", "--secrets", "old.age", "--force"])
    await agentAnswers(`file = ${quoted(file)}, secrets = 2`)
    assert.strictEqual((await forced).code, 0)
    assert.strictEqual(statSync(join(api.folder, "old.age")).mode & 0o777, 0o600)
  })

  it("apply --secrets puts each into its place, sealed for the nodes of now, and says which have none", async () => {
    node = await run(aNode(api.databaseUrl))
    const folder = api.write("later.yaml", (await api.plumb(["export"])).stdout)
    const args = ["apply", "-f", folder, "--secrets", "all.age", "--identity", "recovery.key"]
    const dry = await api.plumb([...args, "--dry-run"])
    const { code, stderr, stdout } = await api.plumb(args)
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "left out, since no record has the place: Database/gone#users/gone")
    assert.notInclude(dry.stdout + stdout + stderr, verifier)
    assert.deepStrictEqual(await run(unseal(node.identity, await sealedIn("shop"))), {
      for: "Database/shop#users/shop",
      value: verifier,
    })
    assert.isUndefined(await sealedIn("report"))
    assert.notInclude(await run(everyTable(api.databaseUrl)), verifier)
  })

  it("apply --secrets with a wrong key, a damaged file or half of what it needs says so and writes nothing", async () => {
    const before = await sealedIn("shop")
    await api.plumb(["recovery-key", "other.key"])
    api.write("damaged.age", readFileSync(join(api.folder, "all.age"), "utf8").slice(0, 300))
    const refusals: ReadonlyArray<readonly [args: ReadonlyArray<string>, words: string]> = [
      [["--secrets", "all.age", "--identity", "other.key"], "sealed for another key"],
      [["--secrets", "damaged.age", "--identity", "recovery.key"], "damaged"],
      [["--secrets", "all.age", "--identity", "all.age"], "no file with one secret key"],
      [["--secrets", "nowhere.age", "--identity", "recovery.key"], "cannot be read"],
      [["--secrets", "all.age"], "go together"],
      [["--identity", "recovery.key"], "go together"],
    ]
    for (const [args, words] of refusals) {
      const { code, stderr } = await api.plumb(["apply", "-f", "shop.yaml", ...args])
      assert.strictEqual(code, 2, words)
      assert.include(stderr, words)
    }
    assert.deepStrictEqual(await sealedIn("shop"), before)
  })
})
