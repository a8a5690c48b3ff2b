import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Workplace, workplace } from "./harness.ts"
import { reference } from "./reference.ts"

let place: Workplace
beforeAll(() => {
  place = workplace()
})
afterAll(() => place.remove())

const commands = [
  ...["apply", "diff", "get", "export", "delete", "run", "password", "hash-password", "recovery-key"],
  ...["status", "usage", "traffic", "explain", "drift", "runs", "output", "backups"],
  ...["history", "rollback", "audit", "verify", "pause", "resume", "up", "agent", "first-run", "schema"],
]

describe("plumb without an API", { timeout: 60_000 }, () => {
  it("explains every command with an example, without colours in a pipe", async () => {
    const helps = await Promise.all(
      [[], ...commands.map((name) => [name])].map((args) => place.plumb([...args, "--help"])),
    )
    for (const [index, { code, stdout, stderr }] of helps.entries()) {
      assert.deepStrictEqual([code, stderr], [0, ""], commands[index - 1])
      assert.include(stdout, "EXAMPLES")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what is looked for
      assert.notMatch(stdout, /\u001b/)
    }
    const named = [...(helps[0]?.stdout ?? "").matchAll(/^ {2}([a-z-]+) {2,}[A-Z]/gm)].map(([, name]) => name)
    assert.sameMembers(named, commands)
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
    for (const name of commands) assert.match(readme, new RegExp(`\`${name}( [a-z]+)?\``))
  })

  it("says what was probably meant, on stderr, with exit 2", async () => {
    for (const [args, hint] of [
      [["aply"], "apply"],
      [["apply", "--fiel", "x"], "--file"],
      [["drift", "lst"], "list"],
      [["get", "-o", "xml"], "table"],
      [["apply"], "--file"],
      [["history", "site"], "name it: Site NAME"],
      [["get", "site/shop", "shop"], "one too many"],
      [["rollback", "site", "shop", "--to", "yesterday"], "--to"],
      [["apply", "-f", "x", "--prune", "--wait", "--timeout", "soon"], "x"],
    ] as const) {
      const { code, stdout, stderr } = await place.plumb(args)
      assert.deepStrictEqual([code, stdout], [2, ""], args.join(" "))
      assert.include(stderr, hint)
    }
  })

  it("makes the verifier of a password from stdin, another one each time, and repeats nothing of a bad one", async () => {
    const hash = (stdin: string) => place.plumb(["hash-password"], { stdin })
    const [one, other] = [await hash("open sesame\n"), await hash("open sesame")]
    for (const { code, stdout } of [one, other]) {
      assert.strictEqual(code, 0)
      assert.match(stdout, /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}\n$/)
    }
    assert.notStrictEqual(one.stdout, other.stdout)
    for (const bad of ["", "\n", "two\nlines", "nul\0", "x".repeat(100_000)]) {
      const { code, stderr, stdout } = await hash(bad)
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.notInclude(stderr, "lines")
    }
  })

  it("says how to start the API when none answers", async () => {
    const env = { PLUMB_URL: "http://127.0.0.1:9" }
    for (const args of [
      ["status"],
      ["get", "sites"],
      ["verify"],
      ["drift", "list"],
      ["status", "--watch"],
      ["status", "--watch", "-o", "json"],
    ]) {
      const { code, stdout, stderr } = await place.plumb(args, { env })
      assert.deepStrictEqual([code, stdout], [2, ""], args.join(" "))
      assert.include(stderr, "npm start")
    }
  })

  it("takes any argument without a stack trace, and shows no control character of it", async () => {
    const hostile = [
      "\u001b[2J",
      "../../etc/passwd",
      "$(id)",
      "-",
      "--",
      "💥",
      "a".repeat(5000),
      " ",
      "site/../x",
      "=",
      "%00",
    ]
    const outcomes = await Promise.all(
      hostile.map((word, index) =>
        index % 2 === 0
          ? place.plumb(["get", word], { env: { PLUMB_URL: "http://127.0.0.1:9" } })
          : place.plumb(["explain", word, "extra"]),
      ),
    )
    for (const { code, stdout, stderr } of outcomes) {
      assert.include([0, 2], code)
      assert.notMatch(stderr, /^\s+at .*:\d+:\d+/m)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what is looked for
      assert.notMatch(stdout + stderr, /\u001b/)
    }
  })

  it("wants an address that is one", async () => {
    for (const url of ["localhost:8080", "file:///etc/passwd", "nonsense"]) {
      const { code, stderr } = await place.plumb(["status"], { env: { PLUMB_URL: url } })
      assert.strictEqual(code, 2)
      assert.include(stderr, "is not the address of an API")
    }
  })

  it("finds its home upwards from where one stands, and what the last start wrote there", async () => {
    const project = join(place.folder, "project")
    mkdirSync(join(project, ".plumbline"), { recursive: true })
    mkdirSync(join(project, "deep", "er"), { recursive: true })
    writeFileSync(
      join(project, ".plumbline", "server.json"),
      JSON.stringify({ url: "http://127.0.0.1:7", pid: 1, startTime: null }),
    )
    const { stderr } = await place.plumb(["status"], { env: { PLUMB_HOME: "" }, cwd: join(project, "deep", "er") })
    assert.include(stderr, "http://127.0.0.1:7")
    writeFileSync(join(project, ".plumbline", "server.json"), '{"url": "http')
    const torn = await place.plumb(["status"], { env: { PLUMB_HOME: join(project, ".plumbline") } })
    assert.deepStrictEqual([torn.code, torn.stderr.includes("8080")], [2, true])
  })

  it("reports a broken file before it asks for an API, and an empty folder too", async () => {
    const file = place.write("broken.yaml", "kind: Site\nkind: Site\n")
    const { code, stderr } = await place.plumb(["apply", "-f", file])
    assert.strictEqual(code, 2)
    assert.match(stderr, /broken\.yaml:2:1/)
    mkdirSync(join(place.folder, "nothing"))
    assert.include((await place.plumb(["apply", "-f", "nothing"])).stderr, "no .yaml, .yml or .json file")
    assert.include(
      (await place.plumb(["apply", "-f", "missing.yaml"])).stderr,
      "there is no file or folder missing.yaml",
    )
  })

  it("prints the schema of a kind, and ends quietly when its reader goes away", async () => {
    const { code, stdout } = await place.plumb(["schema", "sites"])
    assert.deepStrictEqual([code, JSON.parse(stdout).title], [0, "Site"])
    const child = place.start(["schema"])
    child.stdout.destroy()
    let stderr = ""
    child.stderr.on("data", (part) => (stderr += part))
    await new Promise((resolve) => child.once("close", resolve))
    assert.deepStrictEqual([child.exitCode, stderr], [0, ""])
  })

  it("the agent without a database is refused with the mend", async () => {
    const { code, stderr } = await place.plumb(["agent"])
    assert.deepStrictEqual([code, stderr.includes("DATABASE_URL")], [2, true])
  })

  it("docs/spec.md is what plumb schema --markdown prints", () => {
    assert.strictEqual(readFileSync(new URL("../../docs/spec.md", import.meta.url), "utf8"), reference())
  })

  it("every file that the docs name is there", () => {
    const root = new URL("../../", import.meta.url)
    for (const page of ["README.md", ...readdirSync(new URL("docs", root)).map((name) => `docs/${name}`)]) {
      const text = readFileSync(new URL(page, root), "utf8")
      for (const [, path = ""] of text.matchAll(
        /`((?:api|spec|controllers|reconciler|fixtures|deploy|docs)\/[\w./-]*)`/g,
      )) {
        assert.isTrue(existsSync(new URL(path, root)), `${page}: ${path}`)
      }
      for (const [, path = ""] of text.matchAll(/\]\(([^):#]+)\)/g)) {
        assert.isTrue(existsSync(new URL(path, new URL(page, root))), `${page}: ${path}`)
      }
    }
  })
})
