import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { anyPort } from "../ports.ts"
import { until, type WithApi, withApi } from "./harness.ts"

const account = (name: string) => `apiVersion: plumbline.dev/v1
kind: Account
metadata:
  name: ${name}
spec: {}
`
const site = (name: string, domain: string, more = "") => `apiVersion: plumbline.dev/v1
kind: Site
metadata:
  name: ${name}
spec:
  account: acme
  domains: [${domain}]
${more}`

let api: WithApi
beforeAll(async () => {
  api = await withApi(await testDatabase())
})
afterAll(() => api.close())

const json = (text: string) => JSON.parse(text)

describe("plumb against an API", () => {
  it("apply writes the records of a folder, and a second apply changes nothing", async () => {
    mkdirSync(join(api.folder, "hosting"))
    api.write("hosting/acme.yaml", account("acme"))
    api.write("hosting/shop.yaml", site("shop", "shop.example.org"))
    const dry = await api.plumb(["apply", "-f", "hosting", "--dry-run"])
    assert.strictEqual(dry.code, 0, dry.stderr)
    assert.match(dry.stdout, /2 created \(dry run: nothing was written\)/)
    const before = await api.plumb(["diff", "-f", "hosting"])
    assert.strictEqual(before.code, 1)
    assert.match(before.stdout, /^\+kind: Site$/m)

    const applied = await api.plumb(["apply", "-f", "hosting"])
    assert.strictEqual(applied.code, 0, applied.stderr)
    assert.include(applied.stdout, "Account/acme created")
    assert.include(applied.stdout, "Site/shop created")
    const again = await api.plumb(["apply", "-f", "hosting", "-o", "json"])
    assert.deepStrictEqual(json(again.stdout).summary, {
      created: 0,
      updated: 0,
      restored: 0,
      unchanged: 2,
      deleted: 0,
    })
    assert.deepStrictEqual(await api.plumb(["diff", "-f", "hosting"]), { code: 0, stdout: "", stderr: "" })
  })

  it("apply takes stdin", async () => {
    const { code, stdout } = await api.plumb(["apply", "-f", "-"], { stdin: site("blog", "blog.example.org") })
    assert.deepStrictEqual([code, stdout], [0, "Site/blog created\n1 created\n"])
  })

  it("every mistake is named with file, line and column, also those that only the whole set shows, and nothing is written", async () => {
    const file = api.write("broken.yaml", `${site("one", "one.example.org", "  colour: red\n")}---\n${account("root")}`)
    const local = await api.plumb(["apply", "-f", file])
    assert.strictEqual(local.code, 2)
    assert.match(local.stderr, /broken\.yaml:8:3 Site\/one spec\.colour: /)
    assert.match(local.stderr, /broken\.yaml:13:9 Account\/root metadata\.name: /)
    assert.include(local.stderr, "there are 2 mistakes; nothing was written")

    api.write("taken.yaml", `${site("fine", "fine.example.org")}---\n${site("thief", "shop.example.org")}`)
    const set = await api.plumb(["apply", "-f", "taken.yaml"])
    assert.strictEqual(set.code, 2)
    assert.match(set.stderr, /taken\.yaml:15:13 Site\/thief spec\.domains\[0\]: /)
    assert.strictEqual((await api.plumb(["get", "site", "fine"])).code, 2)

    const machine = await api.plumb(["apply", "-f", file, "-o", "json"])
    assert.strictEqual(machine.code, 2)
    assert.strictEqual(json(machine.stdout).problems.length, 2)
  })

  it("diff shows what would change with exit 1, and a broken file is exit 2", async () => {
    const changed = await api.plumb(["diff", "-f", "-"], {
      stdin: site("shop", "shop.example.org", "  suspended: true\n"),
    })
    assert.strictEqual(changed.code, 1)
    assert.match(changed.stdout, /^- {2}suspended: false$/m)
    assert.match(changed.stdout, /^\+ {2}suspended: true$/m)
    assert.strictEqual((await api.plumb(["diff", "-f", "-"], { stdin: "kind: [" })).code, 2)
    const asJson = await api.plumb(["diff", "-o", "json", "-f", "-"], { stdin: site("shop", "other.example.org") })
    assert.deepStrictEqual([asJson.code, json(asJson.stdout).summary.updated], [1, 1])
  })

  it("get shows one as YAML that apply takes back unchanged, many as a table, and either as JSON", async () => {
    const yaml = await api.plumb(["get", "site", "shop"])
    assert.strictEqual(yaml.code, 0)
    const back = await api.plumb(["apply", "-f", "-", "-o", "json"], { stdin: yaml.stdout })
    assert.strictEqual(json(back.stdout).summary.unchanged, 1)
    const table = await api.plumb(["get", "sites"])
    assert.match(table.stdout, /^Site +shop +waiting +1 /m)
    assert.strictEqual(json((await api.plumb(["get", "Site/shop", "-o", "json"])).stdout).metadata.name, "shop")
    assert.strictEqual(json((await api.plumb(["get", "-o", "json"])).stdout).length, 3)
    const missing = await api.plumb(["get", "site", "nope"])
    assert.deepStrictEqual([missing.code, missing.stdout], [2, ""])
    const kind = await api.plumb(["get", "sitte"])
    assert.match(kind.stderr, /did you mean Site\?/)
  })

  it("export is one file a record, stable, and applies as it is", async () => {
    const folder = join(api.folder, "out")
    assert.strictEqual((await api.plumb(["export", "-o", folder])).code, 0)
    const file = join(folder, "site", "shop.yaml")
    const first = statSync(file).mtimeMs
    assert.include((await api.plumb(["export", "-o", folder])).stderr, "0 written, 3 unchanged")
    assert.strictEqual(statSync(file).mtimeMs, first)
    assert.strictEqual((await api.plumb(["diff", "-f", folder])).code, 0)
    const text = await api.plumb(["export"])
    assert.strictEqual(text.stdout.split("\n---\n").length, 3)
    assert.include(text.stdout, readFileSync(file, "utf8"))
  })

  it("prune deletes what the folder no longer holds, and an empty folder deletes nothing", async () => {
    const refused = await api.plumb(["apply", "-f", "-", "--prune"], { stdin: account("acme") })
    assert.deepStrictEqual([refused.code, refused.stderr.includes("--source")], [2, true])
    mkdirSync(join(api.folder, "set"))
    for (const name of ["a", "b", "c", "d"]) api.write(`set/${name}.yaml`, site(name, `${name}.example.org`))
    assert.strictEqual((await api.plumb(["apply", "-f", "set"])).code, 0)
    rmSync(join(api.folder, "set", "d.yaml"))
    const pruned = await api.plumb(["apply", "-f", "set", "--prune", "--confirm-prune"])
    assert.include(pruned.stdout, "Site/d deleted")
    for (const name of ["a", "b", "c"]) rmSync(join(api.folder, "set", `${name}.yaml`))
    const empty = await api.plumb(["apply", "-f", "set", "--prune", "--confirm-prune"])
    assert.strictEqual(empty.code, 2)
    assert.strictEqual((await api.plumb(["get", "site", "a"])).code, 0)
  })

  it("wait ends with 0 when the host is there, with 1 and the tool's words when it is stalled, and with 1 when it is late", async () => {
    const waiting = api.plumb(["apply", "-f", "-", "--wait"], {
      stdin: site("shop", "shop.example.org", "  maxUpload: 32M\n"),
    })
    await until(async () => {
      await api.report("Site", "shop", "Ready")
      return Promise.race([waiting.then(() => true), new Promise<undefined>((r) => setTimeout(r, 300, undefined))])
    })
    assert.strictEqual((await waiting).code, 0, (await waiting).stderr)
    assert.include((await waiting).stdout, "Site/shop updated")

    const stalled = api.plumb(["apply", "-f", "-", "--wait"], {
      stdin: site("shop", "shop.example.org", "  maxUpload: 16M\n"),
    })
    await until(async () => {
      await api.report("Site", "shop", "Stalled", "nginx: [emerg] \u001b[31munknown directive")
      return Promise.race([stalled.then(() => true), new Promise<undefined>((r) => setTimeout(r, 300, undefined))])
    })
    assert.strictEqual((await stalled).code, 1)
    assert.include((await stalled).stderr, "nginx: [emerg] \\x1b[31munknown directive")

    const late = await api.plumb(["apply", "-f", "-", "--wait", "--timeout", "1s"], {
      stdin: site("shop", "shop.example.org"),
    })
    assert.strictEqual(late.code, 1)
    assert.include(late.stderr, "not converged after 1s: Site/shop")
    assert.include(late.stderr, "no agent is running")
  })

  it("a watched folder is applied again when a file changes, and broken YAML in between changes nothing", async () => {
    mkdirSync(join(api.folder, "watched"))
    const file = api.write("watched/w.yaml", site("watched", "watched.example.org"))
    const watch = api.start(["apply", "-f", "watched", "--watch"])
    let said = ""
    for (const stream of [watch.stdout, watch.stderr]) stream.on("data", (part) => (said += part))
    await until(() => said.includes("Site/watched created") && said.includes("watching watched"))
    writeFileSync(file, "apiVersion: [")
    await until(() => said.includes("what was applied last stays"))
    assert.strictEqual((await api.plumb(["get", "site", "watched"])).code, 0)
    writeFileSync(file, site("watched", "watched.example.org", "  suspended: true\n"))
    await until(() => said.includes("Site/watched updated"))
    watch.kill("SIGINT")
    await until(() => watch.exitCode !== null)
    assert.strictEqual(watch.exitCode, 130)
  })

  it("history tells who changed what, rollback goes back, and delete can be taken back", async () => {
    const revisions = json((await api.plumb(["history", "site", "blog", "-o", "json"])).stdout)
    assert.deepStrictEqual([revisions.length, revisions[0].action, revisions[0].actor], [1, "create", "admin"])
    assert.strictEqual((await api.plumb(["rollback", "site", "blog"])).code, 2)
    await api.plumb(["apply", "-f", "-"], { stdin: site("blog", "blog.example.org", "  suspended: true\n") })
    assert.match((await api.plumb(["history", "site", "blog"])).stdout, /update .*spec\.suspended: false -> true/)
    assert.include((await api.plumb(["rollback", "site", "blog"])).stdout, "Site/blog updated")
    assert.include((await api.plumb(["get", "site", "blog"])).stdout, "suspended: false")

    assert.include((await api.plumb(["delete", "site", "blog"])).stdout, "plumb rollback Site blog")
    assert.include((await api.plumb(["get", "site"])).stdout, "deleting")
    assert.include((await api.plumb(["rollback", "site", "blog"])).stdout, "Site/blog restored")
  })

  it("pause needs a reason and one scope, status shows it, resume ends it", async () => {
    assert.include((await api.plumb(["pause", "site", "shop"])).stderr, "needs a reason")
    assert.include((await api.plumb(["pause", "--reason", "why"])).stderr, "--all")
    assert.include((await api.plumb(["pause", "site", "--all", "--reason", "why"])).stderr, "contradict")
    const paused = await api.plumb([
      "pause",
      "site",
      "shop",
      "--reason",
      "by hand",
      "--until",
      "2h",
      "--observe",
      "-o",
      "json",
    ])
    assert.deepStrictEqual(
      [paused.code, json(paused.stdout).mode, json(paused.stdout).reason],
      [0, "observe", "by hand"],
    )
    assert.include((await api.plumb(["status"])).stdout, "Site/shop is observed only by admin until")
    assert.include((await api.plumb(["resume", "site", "shop"])).stdout, "Site/shop goes on")
    assert.strictEqual((await api.plumb(["resume", "site", "shop"])).code, 2)
  })

  it("status is exit 1 while something is not ready or no agent is there, and 0 when all is well", async () => {
    const before = await api.plumb(["status", "-o", "json"])
    assert.strictEqual(before.code, 1)
    assert.isAbove(json(before.stdout).summary.total, 3)
    await api.sql(
      (sql) => sql`insert into nodes (name) values ('web1') on conflict (name) do update set last_seen_at = now()`,
    )
    for (const { kind, name } of json(before.stdout).records) await api.report(kind, name, "Ready")
    await api.sql((sql) => sql`delete from records where deleted_at is not null`)
    const after = await api.plumb(["status"])
    assert.strictEqual(after.code, 0, after.stdout)
    assert.match(after.stdout, /node web1: agent present/)
  })

  it("status is also of one kind and of one record, with a tool's words to their last line", async () => {
    await api.report("Site", "shop", "Stalled", "nginx: line one\nnginx: line two")
    const one = await api.plumb(["status", "site", "shop"])
    assert.strictEqual(one.code, 1)
    assert.include(one.stdout, "nginx: line two")
    assert.include(one.stdout, "1 record: 1 stalled")
    assert.strictEqual((await api.plumb(["status", "accounts"])).code, 0)
    const { records, summary } = json((await api.plumb(["status", "site/shop", "-o", "json"])).stdout)
    assert.deepStrictEqual([records.length, summary.total, summary.stalled, summary.ready], [1, 1, 1, 0])
    const none = await api.plumb(["status", "site", "nowhere"])
    assert.deepStrictEqual([none.code, none.stderr.split("\n")[0]], [2, "plumb: there is no Site/nowhere"])
    assert.strictEqual((await api.plumb(["status", "site", "--watch"])).code, 2)
    assert.include((await api.plumb(["status", "certificates"])).stdout, "no records of the kind Certificate yet")
    await api.report("Site", "shop", "Ready")
  })

  it("status --watch follows, as lines for people and as JSON for scripts", async () => {
    const people = api.start(["status", "--watch"])
    const scripts = api.start(["status", "--watch", "-o", "json"])
    let [text, lines] = ["", ""]
    people.stdout.on("data", (part) => (text += part))
    scripts.stdout.on("data", (part) => (lines += part))
    await until(() => text.includes("node web1") && lines.includes('"resync"'))
    await until(async () => {
      await api.report("Site", "shop", "Stalled", `no reason ${Math.random()}`)
      return /Site\/shop stalled: Stalled: no reason/.test(text) && lines.includes('"stalled"')
    })
    for (const line of lines.trim().split("\n")) assert.property(json(line), "type")
    for (const child of [people, scripts]) child.kill("SIGTERM")
    await until(() => people.exitCode !== null && scripts.exitCode !== null)
  })

  it("drift is listed and shown with its diff, and nothing in it can reach the terminal", async () => {
    assert.include((await api.plumb(["drift", "list"])).stdout, "no drift has been found")
    await api.sql(
      (
        sql,
      ) => sql`insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff, kept_copy)
        values ('web1', 'Site', 'shop', 'path:/etc/x', 'changed', 'corrective', 'healed', ${"--- a\n+++ b\n-\u001b[2Jbad\n+good\n"}, '/kept/1')`,
    )
    const [event] = json((await api.plumb(["drift", "list", "site", "shop", "-o", "json"])).stdout)
    assert.deepStrictEqual([event.resource, event.outcome], ["path:/etc/x", "healed"])
    assert.match((await api.plumb(["drift", "list"])).stdout, /Site\/shop +changed +healed +path:\/etc\/x/)
    const shown = await api.plumb(["drift", "show", String(event.seq)])
    assert.include(shown.stdout, "-\\x1b[2Jbad\n+good")
    assert.include(shown.stdout, "/kept/1")
    assert.strictEqual((await api.plumb(["drift", "show", "999999"])).code, 2)
    assert.strictEqual((await api.plumb(["drift", "show", "one"])).code, 2)
  })

  it("explain leads from a path, a unit and a user to the record, and says when nobody owns it", async () => {
    for (const [key, kind, id] of [
      ["path:/etc/plumbline/x.conf", "file", "/etc/plumbline/x.conf"],
      ["unit:plumb-nginx.service", "unit", "plumb-nginx.service"],
      ["user:acme", "user", "acme"],
    ] as const) {
      await api.sql(
        (
          sql,
        ) => sql`insert into inventory (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation)
          select 'web1', ${key}, kind, name, id, ${kind}, ${id}, 'remove', '["spec.limits"]'::jsonb, 1 from records where kind = 'Account' and name = 'acme'`,
      )
    }
    for (const subject of ["/etc/plumbline/x.conf", "plumb-nginx.service", "acme", "user:acme"]) {
      const { code, stdout, stderr } = await api.plumb(["explain", subject])
      assert.strictEqual(code, 0, stderr)
      assert.include(stdout, "belongs to Account/acme")
      assert.include(stdout, "spec.limits")
    }
    const nobody = await api.plumb(["explain", "/etc/passwd"])
    assert.deepStrictEqual([nobody.code, nobody.stdout], [1, ""])
    assert.include(nobody.stderr, "no record owns")
    assert.deepStrictEqual(json((await api.plumb(["explain", "nobody-at-all", "-o", "json"])).stdout), [])
  })

  it("agent runs the agent in the foreground, and ends it with itself", async () => {
    const root = join(api.folder, "host")
    const agent = api.start(["agent", "--node", "web2", "--host", "directory", "--root", root], {
      DATABASE_URL: api.databaseUrl,
      PLUMB_HTTP_PORT: String(await Effect.runPromise(anyPort)),
    })
    let said = ""
    agent.stdout.on("data", (part) => (said += part))
    await until(() => /\bready\b/.test(said))
    await until(() => existsSync(join(root, "home/acme")))
    const pid = Number(readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, "utf8").trim())
    agent.kill("SIGTERM")
    await until(() => agent.exitCode !== null)
    assert.isFalse(existsSync(`/proc/${pid}`))
  })

  it("verify is exit 0 for a whole history and 1 once a row was changed behind the API's back", async () => {
    await api.plumb(["apply", "-f", "-"], { stdin: account("witness") })
    const whole = await api.plumb(["verify"])
    assert.strictEqual(whole.code, 0, whole.stderr)
    await api.sql((sql) => sql`alter table revisions disable trigger user`)
    await api.sql(
      (sql) => sql`update revisions set actor = 'somebody else' where seq = (select min(seq) from revisions)`,
    )
    const changed = await api.plumb(["verify"])
    assert.strictEqual(changed.code, 1)
    assert.match(changed.stdout, /^the history was changed: revisions \d+: This row is not what it was/)
    assert.isFalse(json((await api.plumb(["verify", "-o", "json"])).stdout).ok)
  })

  it("a wrong token is said in plain words", async () => {
    const { code, stderr } = await api.plumb(["status"], { env: { PLUMB_TOKEN: "wrong" } })
    assert.strictEqual(code, 2)
    assert.include(stderr, "does not accept the token")
    assert.notInclude(stderr, "wrong")
  })
})

describe("plumb password", () => {
  it("makes one and shows it once, or takes one from stdin, and says what it cannot do", async () => {
    const database = JSON.stringify({
      apiVersion: "plumbline.dev/v1",
      kind: "Database",
      metadata: { name: "shop" },
      spec: { account: "moneta", users: [{ name: "shop" }] },
    })
    const stdin = `${account("moneta")}---\n${database}\n`
    assert.strictEqual((await api.plumb(["apply", "-f", "-"], { stdin })).code, 0)
    const made = await api.plumb(["password", "database", "shop", "shop"])
    assert.match(made.stdout, /^[A-Za-z2-9]{24}\n$/)
    assert.include(made.stderr, "shown this once")
    const given = await api.plumb(["password", "database", "shop", "shop", "--stdin"], {
      stdin: "correct horse `battery`\n",
    })
    assert.deepStrictEqual(given, { code: 0, stdout: "the password of shop (Database/shop) is set\n", stderr: "" })
    const short = await api.plumb(["password", "database", "shop", "shop", "--stdin"], { stdin: "sesame\n" })
    assert.strictEqual(short.code, 2)
    assert.include(short.stderr, "The password has 6 characters.")
    assert.notInclude(short.stderr, "sesame")
    assert.include((await api.plumb(["password", "account", "moneta", "x"])).stderr, "records of Account have no users")
    assert.include((await api.plumb(["password", "database", "shop", "nobody"])).stderr, "has no user")
  })
})
