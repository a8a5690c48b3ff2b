/**
 * Where a repository on an SFTP server is: the server, whom one logs in as, and the folder.
 *
 * The one thing to know before changing it: the server and the user become values of ssh's options, in which `%` is a token
 * and a blank or a quote divides; the folder a part of what restic calls the repository. No grammar here lets those through.
 */
import { isIPv6 } from "node:net"
import * as Schema from "effect/Schema"
import { flaw, hiddenFlaw, rule, show } from "./grammar.ts"

const name = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

export const SftpHost = Schema.String.annotate({ examples: ["u123456.your-storagebox.de"] }).check(
  rule<string>(
    (text) =>
      hiddenFlaw(text) ??
      (name.test(text) || (isIPv6(text) && /^[0-9a-f:.]+$/.test(text))
        ? undefined
        : flaw(
            `${show(text)} is not the name of a server.`,
            "Write its name in lower case, or its address, nothing more.",
          )),
    { pattern: "^[a-z0-9:.-]+$", maxLength: 253 },
  ),
)

export const SftpUser = Schema.String.annotate({ examples: ["u123456"] }).check(
  rule<string>(
    (text) =>
      hiddenFlaw(text) ??
      (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(text)
        ? undefined
        : flaw(
            `${show(text)} is not the name of a user.`,
            "Use 1 to 64 letters, digits, dots, dashes and underscores.",
          )),
    { pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]*$", maxLength: 64 },
  ),
)

/** From the server's root on, or from where the user arrives. */
export const SftpPath = Schema.String.annotate({ examples: ["/backups/acme", "backups/acme"] }).check(
  rule<string>(
    (text) =>
      hiddenFlaw(text) ??
      (/^\/?[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(text) && text.length <= 200
        ? undefined
        : flaw(
            `${show(text)} is no folder for a repository.`,
            "Use a path such as /backups/acme, of letters, digits, dots, dashes and underscores.",
          )),
    { pattern: "^/?[A-Za-z0-9_][A-Za-z0-9._/-]*$", maxLength: 200 },
  ),
)
