/**
 * Values of ACME (RFC 8555): where a server is, whom it writes to, which program sets records in the DNS.
 *
 * The one thing to know before changing it: the name of a hook becomes a path, and root runs what is there.
 */
import * as Schema from "effect/Schema"
import { flaw, hiddenFlaw, rule, show } from "./grammar.ts"
import { hostFlaw } from "./network.ts"

/** RFC 8555, section 7.1.1: where an ACME server says what it offers. */
export const DirectoryUrl = Schema.String.annotate({ examples: ["https://acme-v02.api.letsencrypt.org/directory"] })
  .check(
    rule<string>(
      (text) =>
        hiddenFlaw(text) ??
        (/^https:\/\/(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::\d{1,5})?(?:\/(?:[A-Za-z0-9_~][A-Za-z0-9._~-]*)?)*$/.test(
          text,
        ) &&
        text.length <= 300 &&
        URL.canParse(text)
          ? hostFlaw(text)
          : flaw(`${show(text)} is no address of an ACME server.`, "Write https://HOST/PATH, without user and query.")),
      { pattern: "^https://[^?#@\\s]+$", maxLength: 300 },
    ),
  )
  .pipe(Schema.brand("DirectoryUrl"))

export const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

/** Whom the authority writes to. */
export const ContactEmail = Schema.String.annotate({ examples: ["hostmaster@example.org"] })
  .check(
    rule<string>(
      (text) =>
        hiddenFlaw(text) ??
        (/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/.test(
          text,
        ) && text.length <= 254
          ? undefined
          : flaw(`${show(text)} is no plain e-mail address.`, "Write it as hostmaster@example.org.")),
      { pattern: "^[A-Za-z0-9._+-]+@[a-z0-9.-]+$", maxLength: 254 },
    ),
  )
  .pipe(Schema.brand("ContactEmail"))

/** The name of a program in the node's folder of hooks. */
export const HookName = Schema.String.annotate({ examples: ["example-dns"] })
  .check(
    rule<string>(
      (name) =>
        hiddenFlaw(name) ??
        (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)
          ? undefined
          : flaw(
              `${show(name)} cannot be the name of a hook.`,
              "Use lower-case letters, digits, dashes and underscores.",
            )),
      { pattern: "^[a-z0-9][a-z0-9_-]{0,62}$" },
    ),
  )
  .pipe(Schema.brand("HookName"))
