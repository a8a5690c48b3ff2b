// nginx of this machine, if it has one. A directory host tests as an ordinary user would (see unprivileged.ts).

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import { look } from "./command.ts"
import { liveTree, type Nginx, type NginxVerdict, nextTree, type StagedContent } from "./nginx.ts"
import { childrenOf, commandOf, startOf } from "./process.ts"

const places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"]

export const nginxProgram = (
  root: string,
  wrap: (argv: readonly [string, ...Array<string>]) => readonly [string, ...Array<string>],
  isPresent: (program: string) => boolean = fs.existsSync,
  /** A test opens the logs of every site, and makes those that are missing: with the permissions that nginx's unit gives. */
  umask?: number,
): Effect.Effect<Nginx, ResourceFailure> =>
  Effect.gen(function* () {
    const path = places.find((candidate) => isPresent(candidate))
    const version = path === undefined ? undefined : yield* look([path, "-v"])
    const found = /nginx\/([\d.]+)/.exec(version?.stderr ?? "")?.[1]
    const program = path === undefined || found === undefined ? null : { path, version: found }
    const staged = new Map<string, StagedContent>()
    let carried: ReadonlyArray<string> = []
    return {
      program,
      stage: (member, content) => void staged.set(member, content),
      carry: (member, content) => {
        if (staged.has(member)) return
        staged.set(member, content)
        carried = [...carried, member]
      },
      takeCarried: () => {
        const taken = carried
        carried = []
        return taken
      },
      takeStaged: (members) => {
        const taken = new Map<string, StagedContent>()
        for (const member of members) {
          if (!staged.has(member)) continue
          taken.set(member, staged.get(member))
          staged.delete(member)
        }
        return taken
      },
      wanted: new Set(),
      test: (configuration) => {
        if (program === null) return Effect.succeed<NginxVerdict>({ ok: true })
        return look(wrap([program.path, "-t", "-q", "-e", "stderr", "-c", root + configuration]), 120, umask).pipe(
          Effect.map(
            (outcome): NginxVerdict =>
              outcome.code === 0 ? { ok: true } : { ok: false, message: clean(outcome.stderr, root) },
          ),
        )
      },
      workers: (master) =>
        childrenOf(master)
          .filter((pid) => /^nginx: worker process\s*$/.test(commandOf(pid)))
          .map((pid) => `${pid}:${startOf(pid)}`),
    }
  })

/** nginx's own words, without where the trees are on this machine and without warnings beside the error. */
const clean = (text: string, root: string): string => {
  const lines = text
    .replaceAll(`${root}${nextTree}/`, "")
    .replaceAll(`${root}${liveTree}/`, "")
    .replaceAll(root === "" ? "\0" : root, "")
    .split("\n")
    // "2026/01/31 12:00:00 [emerg] 1234#1234: …" is what it writes to a log; to a person it says "nginx: [emerg] …".
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d [\d:]+ (\[\w+\]) \d+#\d+: /, "nginx: $1 "))
    .filter((line) => line.trim() !== "" && !line.includes("test failed"))
  const errors = lines.filter((line) => /\[(emerg|alert|crit)\]|^nginx: (?!\[)/.test(line))
  return (errors.length > 0 ? errors : lines).slice(0, 5).join("\n").slice(0, 2000)
}
