/**
 * The real nginx and php-fpm of this machine, run without privileges for a test: in a user namespace of their own where the
 * test itself is root.
 *
 * The one thing to know before changing it: what was started is ended by its own pid, and waited for.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { connect, createServer } from "node:net"

export const nginxProgram = "/usr/sbin/nginx"
export const fpmProgram = "/usr/sbin/php-fpm8.2"
export const present = (program: string): boolean => fs.existsSync(program)

const unprivileged = (argv: ReadonlyArray<string>): readonly [string, ...ReadonlyArray<string>] => {
  const [program = "", ...rest] = argv
  return process.geteuid?.() === 0
    ? ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--", program, ...rest]
    : [program, ...rest]
}

/** Runs to the end: exit code and everything that was said. */
export const run = (...argv: ReadonlyArray<string>): { readonly code: number | null; readonly said: string } => {
  const [program, ...rest] = unprivileged(argv)
  const { status, stderr, stdout } = spawnSync(program, rest, { encoding: "utf8", env: { PHP_INI_SCAN_DIR: "" } })
  return { code: status, said: `${stdout}${stderr}` }
}

/** Starts a program and keeps what it says; `stop` sends the signal and waits for its end. */
export const start = (...argv: ReadonlyArray<string>) => {
  const [program, ...rest] = unprivileged(argv)
  const child: ChildProcess = spawn(program, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", PHP_INI_SCAN_DIR: "" },
  })
  let said = ""
  child.stdout?.on("data", (data) => (said += String(data)))
  child.stderr?.on("data", (data) => (said += String(data)))
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  return {
    said: () => said,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** Has it read its configuration anew, and comes back once none of its processes is from before. */
    reload: async () => {
      const workers = () => fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")
      const before = new Set(workers())
      child.kill("SIGHUP")
      for (let tries = 0; workers().some((worker) => worker === "" || before.has(worker)); tries++) {
        if (tries > 1000) throw new Error(`no new processes: ${said}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    stop: async () => {
      child.kill("SIGTERM")
      await ended
    },
  }
}

export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return typeof address === "object" && address !== null ? address.port : 0
}

/** Comes back once something accepts at the port or socket. */
export const accepts = async (where: { port: number; host: string } | { path: string }): Promise<void> => {
  for (let tries = 0; ; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(where, () => {
        socket.destroy()
        resolve(true)
      })
      socket.once("error", () => resolve(false))
    })
    if (open) return
    if (tries > 1000) throw new Error(`nothing accepts at ${JSON.stringify(where)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
