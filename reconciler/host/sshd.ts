// sshd of the host, which its administrator needs too: it is asked what it thinks of a configuration and what would really
// apply to a user, and told to read it again. It is never started, stopped or restarted from here. Where there is none (a
// directory host runs none), every text passes and nothing applies to anybody.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { look, said } from "./command.ts"
import type { HostPath } from "./path.ts"

/** Debian's unit. */
export const sshdUnit = "ssh.service"

export type SshdVerdict = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface Sshd {
  /** Null where there is none. */
  readonly program: { readonly path: string; readonly version: string; readonly sftpServer: string | null } | null
  /** `sshd -t` of this file alone, or of what sshd would load. */
  readonly test: (path?: HostPath) => Effect.Effect<SshdVerdict, ResourceFailure>
  /** What would apply to a user who logs in: `sshd -T`, by its names of settings. */
  readonly effective: (user: string) => Effect.Effect<ReadonlyMap<string, string>, ResourceFailure>
}

export const noSshd: Sshd = {
  program: null,
  test: () => Effect.succeed({ ok: true }),
  effective: () => Effect.succeed(new Map()),
}

const places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"]
const sftpServers = ["/usr/lib/openssh/sftp-server", "/usr/lib/sftp-server", "/usr/libexec/openssh/sftp-server"]

export const sshdProgram: Effect.Effect<Sshd, ResourceFailure> = Effect.gen(function* () {
  const path = places.find((candidate) => fs.existsSync(candidate))
  if (path === undefined) return noSshd
  // Older ones know no -V, and answer with their version and how they are used.
  const { stderr } = yield* look([path, "-V"], 10)
  const version = /OpenSSH_(\d+\.\d+\w*)/.exec(stderr)?.[1]
  if (version === undefined) return noSshd
  return {
    program: { path, version, sftpServer: sftpServers.find((candidate) => fs.existsSync(candidate)) ?? null },
    test: (configuration) =>
      look([path, "-t", ...(configuration === undefined ? [] : ["-f", configuration])], 30).pipe(
        Effect.map(
          (outcome): SshdVerdict => (outcome.code === 0 ? { ok: true } : { ok: false, message: said(outcome) }),
        ),
      ),
    effective: (user) =>
      look([path, "-T", "-C", `user=${user},host=client.example.org,addr=192.0.2.1,laddr=127.0.0.1,lport=22`], 30).pipe(
        Effect.flatMap((outcome) =>
          outcome.code === 0 ? Effect.succeed(parseSettings(outcome.stdout)) : Effect.fail(unreadable(said(outcome))),
        ),
      ),
  } satisfies Sshd
})

const unreadable = (words: string) =>
  new ResourceFailure({
    reason: "SshdRefused",
    message: `sshd -T: ${words}`,
    mend: "Correct sshd's configuration on the host until `sshd -t` is content. The sshd that runs goes on with its old one.",
    verdict: { kind: "retry" },
  })

/** "name value" a line; of a name that comes more than once, the values of all lines. */
export const parseSettings = (text: string): ReadonlyMap<string, string> => {
  const settings = new Map<string, string>()
  for (const line of text.split("\n")) {
    const at = line.indexOf(" ")
    if (at < 0) continue
    const [name, value] = [line.slice(0, at), line.slice(at + 1).trim()]
    const before = settings.get(name)
    settings.set(name, before === undefined ? value : `${before} ${value}`)
  }
  return settings
}
