/**
 * Access: what an account's SSH keys open. Nothing, files over SFTP, or a shell in a jail.
 *
 * The one thing to know before changing it: a password opens SFTP alone. A shell behind a password would be guessed at by
 * everyone who scans for port 22. No message here repeats what was given for a verifier: it may have been the password.
 */
import * as Schema from "effect/Schema"
import { explained, type FlawAt, flaw, rule, ruleAcross, withDefault } from "./grammar.ts"
import { type SecretPlace, secretOr } from "./secret.ts"

// crypt(5): yescrypt, and SHA-512 with its default of 5,000 rounds or more.
const yescrypt = /^\$y\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{8,86}\$[./0-9A-Za-z]{43}$/
const sha512 = /^\$6\$(?:rounds=([1-9]\d{3,8})\$)?[./0-9A-Za-z]{8,16}\$[./0-9A-Za-z]{86}$/

const isVerifier = (text: string): boolean => {
  const rounds = sha512.exec(text)
  return yescrypt.test(text) || (rounds !== null && Number(rounds[1] ?? 5000) >= 5000)
}

/** What a password is checked against, as shadow(5) has it. */
export const PasswordVerifier = Schema.String.check(
  rule<string>(
    (text) =>
      isVerifier(text)
        ? undefined
        : flaw(
            "This is no verifier of a password.",
            "Make one with `plumb hash-password`, or with mkpasswd(1). Never write the password itself.",
          ),
    { pattern: "^\\$(y|6)\\$[./0-9A-Za-z=$]+$", maxLength: 200 },
  ),
).pipe(Schema.brand("PasswordVerifier"))

export const Access = Schema.Struct({
  shell: Schema.Literals(["none", "sftp", "jail"]).pipe(
    explained(
      "none: no login. sftp: files alone, and nothing but the home in sight. jail: a shell in a sandbox, and SFTP.",
    ),
    withDefault("none"),
  ),
  passwordVerifier: Schema.optionalKey(
    secretOr("none", PasswordVerifier).pipe(
      explained(
        "What a password for SFTP is checked against. Left out, it stays as it is; none takes it away, and keys alone open it.",
      ),
    ),
  ),
  endSessions: Schema.Boolean.pipe(
    explained("Whether the sessions that a key opened end when it is revoked."),
    withDefault(true),
  ),
}).check(
  ruleAcross<{ readonly shell: string; readonly passwordVerifier?: unknown }>(
    ({ passwordVerifier, shell }): ReadonlyArray<FlawAt> =>
      passwordVerifier === undefined || passwordVerifier === "none" || shell === "sftp"
        ? []
        : [
            {
              path: ["passwordVerifier"],
              ...flaw("A password opens SFTP alone.", "Remove it and use keys, or set shell: sftp."),
            },
          ],
  ),
)
export type Access = typeof Access.Type

/** The password goes with the access that it opens, and is not kept for another. */
export const secretsOfAccess = ({ passwordVerifier, shell }: Access): ReadonlyArray<SecretPlace> =>
  shell === "sftp" && passwordVerifier !== "none"
    ? [{ path: ["access", "passwordVerifier"], label: "access/password" }]
    : []
