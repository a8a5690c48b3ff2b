/**
 * A repository on an SFTP server, checked again where it is rendered: values of ssh's options, lines of known_hosts, the key.
 *
 * The one thing to know before changing it: the options are arguments of their own (`reconciler/backups/sftp.ts`), of which
 * ssh reads the value by the grammar of its configuration: `%` is a token there, and a blank divides. ssh_config(5), sshd(8).
 */
import { publicKey } from "./authorized-keys.ts"
import { shaped, UnsafeValue, whole } from "./unsafe.ts"

export const host = (value: string): string =>
  shaped("the name of a server", value, /^[a-z0-9:](?:[a-z0-9.:-]{0,251}[a-z0-9:])?$/, "Write its name or address.")

export const port = (value: number): number => Number(whole("a port", value, 1, 65_535))

export const user = (value: string): string =>
  shaped("the name of a user", value, /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/, "Use letters, digits and . _ -")

export const path = (value: string): string =>
  shaped(
    "the folder of a repository",
    value,
    /^(?=.{1,200}$)\/?[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
    "Use a path of letters, digits, dots, dashes and underscores.",
  )

/** The server is called by one name of ours, whatever its own is. */
export const knownHosts = (name: "repository", keys: ReadonlyArray<string>): string =>
  keys.map((key) => `${name} ${publicKey(key).split(" ").slice(0, 2).join(" ")}\n`).join("")

export const privateKey = (value: string): string => {
  const text = typeof value === "string" ? value : ""
  if (
    /^-----BEGIN OPENSSH PRIVATE KEY-----\n(?:[A-Za-z0-9+/]{1,76}={0,2}\n)+-----END OPENSSH PRIVATE KEY-----\n?$/.test(
      text,
    )
  )
    return text.endsWith("\n") ? text : `${text}\n`
  throw new UnsafeValue("a private key", "(hidden)", "Give it in OpenSSH's format, without a passphrase.")
}
