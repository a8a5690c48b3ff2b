import { spawn } from "node:child_process"
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { type Outcome, until } from "../cli/harness.ts"
import { anyPort } from "../ports.ts"
import { unprivileged } from "../postgres/unprivileged.ts"

const program = fileURLToPath(new URL("../cli/main.ts", import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), "plumb-up-")))
const home = join(folder, "home")
const port = await Effect.runPromise(anyPort)
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, PLUMB_HOME: home, PORT: String(port) }

const started: Array<ReturnType<typeof start>> = []
const start = (
  args: ReadonlyArray<string> = ["up"],
  more: Readonly<Record<string, string>> = {},
  wrap = (argv: ReadonlyArray<string>) => argv,
) => {
  const [command = "", ...rest] = wrap([process.execPath, program, ...args])
  const child = spawn(command, rest, { cwd: folder, env: { ...env, ...more } })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part))
  return {
    pid: child.pid ?? 0,
    said: () => said,
    saying: (words: string) =>
      until(() => {
        if (child.exitCode !== null && !said.includes(words)) throw new Error(`ended without "${words}":\n${said}`)
        return said.includes(words)
      }, 60_000),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended: async () => {
      await until(() => child.exitCode !== null || child.signalCode !== null, 40_000)
      return child.exitCode
    },
  }
}
const up = (args?: ReadonlyArray<string>) => {
  const one = start(args)
  started.push(one)
  return one
}
const plumb = async (...args: ReadonlyArray<string>): Promise<Outcome> => {
  const one = start(args)
  const code = await one.ended()
  return { code: code ?? -1, stdout: one.said(), stderr: "" }
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
const cwdOf = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ""
  }
}
/** Every process that has to do with this home, by what it was started with or where it lives. */
const processes = (): ReadonlyArray<string> =>
  readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .filter((pid) =>
      [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`), cwdOf(pid)].some((text) => text.includes(home)),
    )

const vhost = join(home, "host/etc/plumbline/nginx/live/sites/meadow-recipes.conf")
const suspend = async (suspended: boolean) => {
  const { stdout } = await plumb("get", "site", "meadow-recipes")
  const file = join(folder, "site.yaml")
  rmSync(file, { force: true })
  appendFileSync(file, stdout.replace(/suspended: \w+/, `suspended: ${suspended}`))
  return plumb("apply", "-f", file, "--wait")
}

afterAll(async () => {
  for (const one of started) one.kill("SIGTERM")
  for (const one of started) await one.ended()
  rmSync(folder, { recursive: true, force: true })
})

describe("plumb up", { timeout: 120_000 }, () => {
  it("starts everything, applies the demo and converges; a record's edit reaches the tree, and the tree's is healed", async () => {
    const one = up()
    await one.saying("Plumbline is up")
    assert.include(one.said(), "applied the demo")
    assert.strictEqual((await plumb("status")).code, 0)

    const before = readFileSync(vhost, "utf8")
    const applied = await suspend(true)
    assert.strictEqual(applied.code, 0, applied.stdout)
    const wanted = readFileSync(vhost, "utf8")
    assert.notStrictEqual(wanted, before)

    appendFileSync(vhost, "# mine\n")
    await until(() => readFileSync(vhost, "utf8") === wanted)
    await one.saying("changed: healed")
    const owner = await plumb("explain", vhost)
    assert.include(owner.stdout, "belongs to Site/meadow-recipes")
  })

  it("a second one at the same time is told where the first is, and changes nothing", async () => {
    const second = await plumb("up")
    assert.strictEqual(second.code, 2)
    assert.include(second.stdout, `runs already at http://127.0.0.1:${port}`)
    assert.strictEqual((await plumb("status")).code, 0)
  })

  it("a child that dies is started again, and that is said; who follows the status goes on", async () => {
    const follower = start(["status", "--watch"])
    const hears = async (words: string) => {
      await until(async () => {
        await plumb("pause", "site", "rowing-club", "--reason", words, "--until", "1h")
        await plumb("resume", "site", "rowing-club")
        return follower.said().includes(`: ${words}`)
      }, 40_000)
    }
    await hears("before")
    const { pid } = JSON.parse(readFileSync(join(home, "run/api.json"), "utf8"))
    process.kill(pid, "SIGKILL")
    await started[0]?.saying("the api died (it was ended by SIGKILL)")
    await until(async () => (await plumb("verify")).code === 0)
    await follower.saying("trying again")
    await hears("after")
    follower.kill("SIGINT")
    assert.strictEqual(await follower.ended(), 130)
  })

  it("Ctrl-C ends everything in order within seconds, and leaves no process", async () => {
    started[0]?.kill("SIGINT")
    assert.strictEqual(await started[0]?.ended(), 0)
    assert.deepStrictEqual(processes(), [])
    assert.isFalse(existsSync(join(home, "server.json")))
    assert.strictEqual((await plumb("status")).code, 2)
  })

  it("a second start finds what was there, heals what changed meanwhile, and does not bring the demo back", async () => {
    appendFileSync(vhost, "# while nobody looked\n")
    const one = up()
    await one.saying("Plumbline is up")
    const users = (said: string) => [...said.matchAll(/^ {2}(\S+@example\.org) {2,}(\S{24})$/gm)].map(([line]) => line)
    await until(() => users(one.said()).length === 5)
    assert.deepStrictEqual(users(one.said()), users(started[0]?.said() ?? ""))
    for (const line of users(one.said())) {
      const [email, password] = line.trim().split(/ +/)
      const response = await fetch(`http://127.0.0.1:${port}/auth/login`, {
        method: "POST",
        body: JSON.stringify({ email, password }),
        headers: { "content-type": "application/json" },
      })
      assert.strictEqual(response.status, 200, email)
    }
    assert.notInclude(one.said(), "applied the demo")
    assert.include((await plumb("get", "site", "meadow-recipes")).stdout, "suspended: true")
    await until(() => !readFileSync(vhost, "utf8").includes("while nobody looked"))
    assert.strictEqual((await suspend(false)).code, 0)
  })

  it("after a kill -9 the next start takes over what still runs", async () => {
    started[1]?.kill("SIGKILL")
    await started[1]?.ended()
    assert.isNotEmpty(processes())
    const one = up()
    await one.saying("Plumbline is up")
    assert.include(one.said(), "ended the agent that an earlier start had left behind")
    assert.include(one.said(), "ended the api that an earlier start had left behind")
    assert.include((await plumb("get", "site", "meadow-recipes")).stdout, "suspended: false")
    assert.strictEqual((await plumb("status")).code, 0)
  })

  it("a second Ctrl-C ends everything at once, also what does not want to end", async () => {
    const { pid } = JSON.parse(readFileSync(join(home, "run/agent.json"), "utf8"))
    process.kill(pid, "SIGSTOP")
    started[2]?.kill("SIGINT")
    await started[2]?.saying("ending everything in order")
    // npm passes the terminal's Ctrl-C on a second time; that one does not count.
    started[2]?.kill("SIGINT")
    await new Promise((resolve) => setTimeout(resolve, 750))
    assert.isNotEmpty(processes())
    started[2]?.kill("SIGINT")
    assert.strictEqual(await started[2]?.ended(), 130)
    await until(() => processes().length === 0)
  })

  it("a port that is taken is named, with the way to another, and nothing is left behind", async () => {
    const squatter = createServer().listen(port, "127.0.0.1")
    const { code, stdout } = await plumb("up")
    squatter.close()
    assert.strictEqual(code, 2)
    assert.include(stdout, `port ${port} is taken`)
    assert.include(stdout, "PORT=")
    assert.deepStrictEqual(processes(), [])
    const wrong = start(["up"], { PORT: "eighty" })
    assert.strictEqual(await wrong.ended(), 2)
    assert.include(wrong.said(), "PORT=eighty is not a port")
  })

  it("DATABASE_URL replaces the embedded database, and --no-demo leaves it empty", async () => {
    const other = join(folder, "other")
    const more = { DATABASE_URL: await testDatabase(), PLUMB_HOME: other }
    const one = start(["up", "--no-demo"], more)
    await one.saying("Plumbline is up")
    assert.isFalse(existsSync(join(other, "postgres")))
    const all = start(["get", "-o", "json"], more)
    assert.strictEqual(await all.ended(), 0)
    assert.strictEqual(all.said().trim(), "[]")
    one.kill("SIGTERM")
    assert.strictEqual(await one.ended(), 0)
  })

  it("--host debian says what it needs where it cannot be had, and starts nothing", async () => {
    const elsewhere = join(folder, "elsewhere")
    const asNobody = start(["up", "--host", "debian"], { PLUMB_HOME: elsewhere }, unprivileged)
    assert.strictEqual(await asNobody.ended(), 2)
    assert.include(asNobody.said(), "needs root")
    assert.isFalse(existsSync(elsewhere))
  })
})
