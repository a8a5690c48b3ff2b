// Has nginx run what is live, and makes sure that it does: a reload can be lost without a word (too few open files, a port
// that is taken), and then the old workers simply go on. The proof is that all workers which accept are new.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { attempt, Host, type HostShape } from "../host/host.ts"
import { liveTree, nginxUnit } from "../host/nginx.ts"
import type { HostPath } from "../host/path.ts"
import type { UnitAction } from "./merge.ts"

/** 10,000 TLS sites took nginx 28 s on two cores. */
const patienceMs = 60_000

export const loadNginx = (action: UnitAction): Effect.Effect<void, ResourceFailure, Host> =>
  Effect.gen(function* () {
    const { nginx, systemd } = yield* Host
    if (nginx.program === null) return
    const before = yield* systemd.state(nginxUnit)
    const running = before.active === "active" && before.pid !== undefined
    if (running && action === "start") return
    const old = new Set(running && before.pid !== undefined ? nginx.workers(before.pid) : [])
    const complaints = yield* attempt(watchErrorLog)
    if (!running) yield* systemd.start(nginxUnit)
    else if (action === "restart") yield* systemd.restart(nginxUnit)
    else yield* systemd.reload(nginxUnit)

    const deadline = (yield* Clock.currentTimeMillis) + patienceMs
    // A reload keeps the master; after a start its pid has to be asked for.
    let master = action === "restart" ? undefined : before.pid
    for (let look = 1; (yield* Clock.currentTimeMillis) < deadline; look++) {
      // While an old worker accepts, a visitor may still meet the old configuration: only when none does, the new one is live.
      const workers = master === undefined ? [] : nginx.workers(master)
      if (workers.length > 0 && workers.every((worker) => !old.has(worker))) return
      const complaint = yield* attempt(complaints)
      if (complaint !== "") return yield* lost(complaint)
      if (master === undefined || look % 20 === 0) {
        const now = yield* systemd.state(nginxUnit)
        if (now.active === "failed" || now.active === "inactive") break
        master = now.pid
      }
      yield* Effect.sleep(5)
    }
    const words = (yield* attempt(complaints)) || (yield* systemd.lastWords(nginxUnit))
    return yield* lost(words || "no new worker appeared")
  })

const lost = (words: string) =>
  new ResourceFailure({
    reason: "NginxNotLoaded",
    message: `nginx did not take the new configuration: ${words}`,
    mend: `See 'systemctl status ${nginxUnit}' on the host; the former configuration goes on where nginx runs.`,
    verdict: { kind: "retry" },
  })

/** Gives what nginx's master complains of from now on: the [emerg] lines in the log that the live nginx.conf names. */
const watchErrorLog = ({ files, root }: HostShape): ((host: HostShape) => string) => {
  const configuration: HostPath = `${liveTree}/nginx.conf`
  if (files.stat(configuration)?.type !== "file") return () => ""
  const named = /^\s*error_log\s+"?([^\s";]+)/m.exec(files.read(configuration, 1 << 20).toString("utf8"))?.[1]
  if (!named?.startsWith(`${root}/`)) return () => ""
  const log = named.slice(root.length) as HostPath
  const size = () => (files.stat(log)?.type === "file" ? (files.stat(log)?.size ?? 0) : 0)
  const start = size()
  return () => {
    if (size() <= start) return ""
    const lines = files.read(log, 65536, start).toString("utf8").split("\n")
    return lines
      .filter((line) => line.includes("[emerg]"))
      .slice(-3)
      .join("\n")
      .slice(0, 2000)
  }
}
