// Sessions of SSH as systemd knows them: a scope each, in the slice of its account, whose name says what it was opened with.
// The names are given by the script that PAM runs when a session opens (controllers/node/ssh-session.ts).
//
// The one thing to know before changing it: there is no table of sessions and keys. A session is compared with what is on
// the host now, so that a lost event, a crash or a restart changes nothing.

import { createHash } from "node:crypto"

export interface Session {
  readonly unit: string
  /** "sftp" or "jail". */
  readonly access: string
  readonly account: string
  /** The record of the key; a dash for a password. */
  readonly key: string
  /** `markOf` the key, or "password". */
  readonly mark: string
}

/** plumb-ssh:ACCESS:ACCOUNT:KEY:MARK:PID.scope */
export const parseSession = (unit: string): Session | undefined => {
  const parts = /^plumb-ssh:([a-z]+):([a-z0-9-]+):([a-z0-9-]+):([a-z0-9]+):\d+\.scope$/.exec(unit)
  if (parts === null) return undefined
  const [, access = "", account = "", key = "", mark = ""] = parts
  return { unit, access, account, key, mark }
}

/** The beginning of the hash of a key in base64. */
export const markOf = (base64: string): string => createHash("sha256").update(base64).digest("hex").slice(0, 16)

/** The mark of the key in a file of one line of authorized_keys, options before it or not. */
export const markOfFile = (content: string): string | undefined => {
  const base64 = /(?:^|[ \t])(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+ ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(content)?.[1]
  return base64 === undefined ? undefined : markOf(base64)
}

/**
 * When a key in such a file ends, in milliseconds since 1970; undefined when it does not. sshd(8), expiry-time: it lets in
 * through the whole of that second.
 */
export const endOfFile = (content: string): number | undefined => {
  const [, year, month, day, hour, minute, second] =
    /^\S*expiry-time="(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z"/.exec(content) ?? []
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + 1000
}

/** What decides whether a session may go on, as it is on the host now. */
export interface Allowed {
  readonly groups: ReadonlySet<string>
  /** The account's keys: file names without .pub, and their marks. */
  readonly keys: ReadonlyMap<string, string>
  /** Sessions stay when their key goes. */
  readonly keep: boolean
}

/** Whoever has lost the access itself is out, whatever is said of keys. */
export const mayGoOn = ({ access, key, mark }: Session, { groups, keep, keys }: Allowed): boolean => {
  if (!groups.has(`plumb-${access}`)) return false
  if (keep) return true
  return mark === "password" ? groups.has("plumb-password") : keys.get(key) === mark
}
