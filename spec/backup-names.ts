/**
 * The small values of backups: where a repository is, what opens it, what is left out, and what part of one is meant.
 *
 * The one thing to know before changing it: excludes end up in a file that restic reads, in which `$` is a variable, `#` a
 * comment and `!` an exception; the rest in restic's environment. Neither grammar lets through what the other side expands.
 */
import * as Schema from "effect/Schema"
import { type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"
import { hostFlaw } from "./network.ts"

const text = (find: (value: string) => Flaw | undefined, jsonSchema: { readonly [key: string]: unknown }) =>
  Schema.String.check(rule<string>((value) => hiddenFlaw(value) ?? find(value), jsonSchema))

const shapedAs = (pattern: string, what: string, mend: string) =>
  text((value) => (new RegExp(pattern, "u").test(value) ? undefined : flaw(`${show(value)} is not ${what}.`, mend)), {
    pattern,
  })

const hasDots = (path: string): boolean => path.split("/").some((part) => part === "." || part === "..")

const localFolders = ["/var/backups", "/srv", "/mnt", "/media", "/backup", "/backups"]

/** A folder of root's on the host, or on a disk that is mounted there. */
export const RepositoryPath = Schema.String.annotate({ examples: ["/var/backups/acme"] }).check(
  rule<string>(
    (path) =>
      hiddenFlaw(path) ??
      (/^(\/[A-Za-z0-9_.-]+)+$/.test(path) &&
      path.length <= 200 &&
      !hasDots(path) &&
      localFolders.some((folder) => path.startsWith(`${folder}/`))
        ? undefined
        : flaw(
            `${show(path)} is no place for a repository.`,
            `Use a folder below ${localFolders.join(", ")}, of letters, digits, dots, dashes and underscores.`,
          )),
    { pattern: "^(/[A-Za-z0-9_.-]+)+$", maxLength: 200 },
  ),
)

/** The server of an object storage. Plain HTTP would show who reads along which objects there are. */
export const S3Endpoint = Schema.String.annotate({ examples: ["https://fsn1.your-objectstorage.com"] }).check(
  rule<string>(
    (url) =>
      hiddenFlaw(url) ??
      (/^https:\/\/[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9]\d{0,4})?$/.test(url) &&
      url.length <= 200
        ? hostFlaw(url)
        : flaw(`${show(url)} is not the address of an object storage.`, "Write https:// and its name, nothing more.")),
    { pattern: "^https://[a-z0-9.-]+(:[0-9]+)?$", maxLength: 200 },
  ),
)

export const S3Bucket = shapedAs(
  "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
  "the name of a bucket",
  "Use 3 to 63 lower-case letters, digits and dashes.",
)

export const S3Prefix = text(
  (prefix) =>
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,62}){0,7}$/.test(prefix)
      ? undefined
      : flaw(`${show(prefix)} is no prefix of objects.`, "Use a relative path such as backups/acme."),
  { pattern: "^[A-Za-z0-9_][A-Za-z0-9._/-]*$" },
)

export const S3Region = shapedAs("^[a-z0-9][a-z0-9-]{0,39}$", "a region", "Write it as the provider does: fsn1.")

export const S3Key = shapedAs("^[A-Za-z0-9_+/=.~-]{1,256}$", "a key of an object storage", "Copy it as it is.")

const longestCertificate = 64 * 1024

/** PEM (RFC 7468), nothing before or between. */
export const Certificates = Schema.String.check(
  rule<string>(
    (pem) =>
      pem.length <= longestCertificate &&
      /^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?)+$/.test(pem)
        ? undefined
        : flaw("This is no list of certificates.", "Give certificates in PEM, and nothing else."),
    { maxLength: longestCertificate },
  ),
)

/** Opens a repository. Whoever has lost it has lost the backups. */
export const RepositoryPassword = text(
  (password) =>
    /^[\x21-\x7e]{16,256}$/.test(password)
      ? undefined
      : flaw("This cannot be the password of a repository.", "Use 16 to 256 visible characters of ASCII."),
  { minLength: 16, maxLength: 256 },
)

/** What is left out: a name or pattern anywhere, or, with a slash in it, a path from the home on. */
export const Exclude = Schema.String.annotate({ examples: ["*.log", "sites/*/public/cache"] }).check(
  rule<string>(
    (pattern) =>
      hiddenFlaw(pattern) ??
      (/^[\p{L}\p{N}_.*?@+=,~][\p{L}\p{M}\p{N}_.*?@+=,~ /-]{0,199}$/u.test(pattern) &&
      !/\/\/|\/$| $/.test(pattern) &&
      !hasDots(pattern)
        ? undefined
        : flaw(
            `${show(pattern)} cannot be left out.`,
            "Use a name such as *.log, or a path from the home on such as sites/*/public/cache; ? for a dash in front.",
          )),
    { maxLength: 200 },
  ),
)

const moment = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$"

/** When somebody asked for something. */
export const Moment = Schema.String.annotate({ examples: ["2031-04-05T18:00:00.000Z"] }).check(
  rule<string>(
    (value) =>
      new RegExp(moment).test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : flaw(`${show(value)} is no moment.`, "Leave it to `plumb`, which writes it as 2031-04-05T18:00:00.000Z."),
    { pattern: moment },
  ),
)
