/**
 * The names and small values of a spec, each a branded type made by its schema: no bare string with a grammar leaves here.
 *
 * The one thing to know before changing it: these values end up in paths, unit names and the configuration of nginx and
 * PHP. A grammar here lists what is allowed and is as tight as the place where the value is used; it never lists what is
 * forbidden. Widening one means reading every encoder that writes it.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { FiniteNumber, type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"

export { DomainName } from "./domain.ts"

/** Users of Debian and of the services that a host runs, and what a tenant must not be able to pass for. */
export const reservedAccountNames: ReadonlySet<string> = new Set(
  `root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup messagebus
  sshd mysql mariadb postgres redis memcached nginx apache apache2 http httpd php php-fpm postfix dovecot dovenull vmail
  opendkim rspamd bind named unbound ntp chrony statd rpc avahi polkitd tss tcpdump dnsmasq docker libvirt qemu kvm adm
  tty disk dialout fax voice cdrom floppy tape sudo audio dip operator src shadow utmp video sasl plugdev staff users
  input sgx render crontab wheel admin administrator api portal prometheus grafana node-exporter restic ftp sftp ssh
  home lost-found debian ubuntu vagrant ansible git`.split(/\s+/),
)
const reservedPrefixes = ["plumb", "systemd", "xn--"]

const accountNameFlaw = (name: string): Flaw | undefined => {
  const invisible = hiddenFlaw(name)
  if (invisible !== undefined) return invisible
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || name.endsWith("-"))
    return flaw(
      `${show(name)} cannot be the name of an account.`,
      "Use 1 to 31 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash.",
    )
  const prefix = reservedPrefixes.find((reserved) => name.startsWith(reserved))
  if (prefix !== undefined)
    return flaw(`Names that begin with ${show(prefix)} are kept for the host.`, "Choose another name.")
  return reservedAccountNames.has(name)
    ? flaw(`${show(name)} is the name of a system user or service.`, "Choose another name.")
    : undefined
}

/** The name of an account, which is also its Linux user and group. */
export const AccountName = Schema.String.annotate({
  description: "The account's name, which is its Linux user too.",
  examples: ["acme"],
})
  .check(rule<string>(accountNameFlaw, { pattern: "^[a-z][a-z0-9-]{0,30}$" }))
  .pipe(Schema.brand("AccountName"))
export type AccountName = typeof AccountName.Type

/** Why this is no name of a record, nor of a customer; undefined where it is one. */
export const recordNameFlaw = (name: string): Flaw | undefined =>
  hiddenFlaw(name) ??
  (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
    ? undefined
    : flaw(
        `${show(name)} cannot be a name.`,
        "Use 1 to 63 lower-case letters, digits and dashes, with a letter or digit at both ends.",
      ))

/** The name of a record of any kind but Account and Node. It stands in file names and nginx upstreams. */
export const RecordName = Schema.String.annotate({
  description: "The record's name, unique within its kind.",
  examples: ["acme-shop"],
})
  .check(rule<string>(recordNameFlaw, { pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" }))
  .pipe(Schema.brand("RecordName"))
export type RecordName = typeof RecordName.Type

const nodeNameFlaw = (name: string): Flaw | undefined =>
  hiddenFlaw(name) ??
  (name.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name)
    ? undefined
    : flaw(
        `${show(name)} cannot be the name of a node.`,
        "Use its host name, in lower case, such as web1.example.org.",
      ))

/** The host name of a node. */
export const NodeName = Schema.String.annotate({ description: "The host's name.", examples: ["web1.example.org"] })
  .check(rule<string>(nodeNameFlaw, { pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", maxLength: 253 }))
  .pipe(Schema.brand("NodeName"))
export type NodeName = typeof NodeName.Type

/** The versions of PHP that can be asked for. What a node has installed is in its facts. */
export const PhpVersion = Schema.Literals(["7.4", "8.0", "8.1", "8.2", "8.3", "8.4"])
export type PhpVersion = typeof PhpVersion.Type

const extensionFlaw = (name: string): Flaw | undefined =>
  /^[a-z][a-z0-9_]{0,31}$/.test(name)
    ? undefined
    : flaw(`${show(name)} is not the name of a PHP extension.`, "Write it as php -m does, in lower case, such as intl.")

/** The name of a PHP extension, as the file in mods-available has it. */
export const ExtensionName = Schema.String.check(
  rule<string>(extensionFlaw, { pattern: "^[a-z][a-z0-9_]{0,31}$" }),
).pipe(Schema.brand("ExtensionName"))
export type ExtensionName = typeof ExtensionName.Type

/** Counts the changes of a record's spec, from 1. */
export const Generation = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Schema.brand("Generation"))
export type Generation = typeof Generation.Type

/** Counts every write of a record, from 1: what an update must name to show that it saw the newest. */
export const Version = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Schema.brand("Version"))
export type Version = typeof Version.Type

/** The range of user ids that are accounts'. */
export const accountUids = { first: 10000, last: 59999 } as const

/** The Linux user id of an account: a range of our own, never root or a system user. */
export const Uid = FiniteNumber.annotate({ description: "The account's user id. Left out, a free one is chosen." })
  .check(
    rule<number>(
      (uid) =>
        Number.isInteger(uid) && uid >= accountUids.first && uid <= accountUids.last
          ? undefined
          : flaw(
              `The user id ${uid} is outside the range for accounts.`,
              `Leave uid out, or give one from ${accountUids.first} to ${accountUids.last}.`,
            ),
      { type: "integer", minimum: accountUids.first, maximum: accountUids.last },
    ),
  )
  .pipe(Schema.brand("Uid"))
export type Uid = typeof Uid.Type

/** A TCP port. */
export const Port = FiniteNumber.check(
  rule<number>(
    (port) =>
      Number.isInteger(port) && port >= 1 && port <= 65535
        ? undefined
        : flaw(`${port} is not a port.`, "Give a whole number from 1 to 65535."),
    { type: "integer", minimum: 1, maximum: 65535 },
  ),
).pipe(Schema.brand("Port"))
export type Port = typeof Port.Type

const exponents: { readonly [unit: string]: number } = { "": 0, K: 1, M: 2, G: 3, T: 4 }
const unitSize = (unit: string): number => 1024 ** (exponents[unit.toUpperCase()] ?? 0)

const parseBytes = (text: string): number => {
  const parts = /^(\d{1,15})([KMGT]?)$/i.exec(text)
  return parts === null ? Number.NaN : Number(parts[1]) * unitSize(parts[2] ?? "")
}

/** The shortest exact form: 67108864 is "64M", 1048577 is "1048577". */
export const printBytes = (bytes: number): string => {
  const unit =
    Object.keys(exponents).findLast((candidate) => bytes % unitSize(candidate) === 0 && bytes >= unitSize(candidate)) ??
    ""
  return `${bytes / unitSize(unit)}${unit}`
}

const ByteCount = FiniteNumber.check(
  rule<number>((bytes) =>
    Number.isSafeInteger(bytes) && bytes >= 0
      ? undefined
      : flaw(`${bytes} is not a size.`, "Give a whole number of bytes."),
  ),
).pipe(Schema.brand("Bytes"))

/** A size, written as `64M` and held as bytes. K, M, G and T are powers of 1024, as in PHP, nginx and systemd. */
export const bytesBetween = (minimum: string, maximum: string) => {
  const mend = `Write a whole number with K, M, G or T, from ${minimum} to ${maximum}.`
  const [low, high] = [parseBytes(minimum), parseBytes(maximum)]
  return Schema.String.annotate({ examples: [minimum, maximum], mend })
    .check(
      rule<string>(
        (text) => {
          const bytes = parseBytes(text)
          if (Number.isNaN(bytes)) return flaw(`${show(text)} is not a size.`, mend)
          return bytes >= low && bytes <= high ? undefined : flaw(`${show(text)} is out of range.`, mend)
        },
        { pattern: "^[0-9]{1,15}[KkMmGgTt]?$" },
      ),
    )
    .pipe(Schema.decodeTo(ByteCount, SchemaTransformation.transform({ decode: parseBytes, encode: printBytes })))
}
export const Bytes = bytesBetween("0", "1024T")
export type Bytes = typeof Bytes.Type
