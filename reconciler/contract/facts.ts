// What the agent found on its host. Kept in the node's status, given to every render; a change of facts is a reason to
// look at every record again.

import * as Schema from "effect/Schema"

export const PhpFacts = Schema.Struct({
  version: Schema.String,
  /** Absolute path of the FPM program. */
  fpm: Schema.String,
  /** Names of the extensions that this version can load (the ini files of mods-available). */
  extensions: Schema.Array(Schema.String),
  /** Folder of the extensions' ini files, in which each name above has one. */
  modsAvailable: Schema.String,
})

/** A sendmail that knows by itself where mail goes, or one that is told to bring it to the mail server of this host. */
const MailProgram = Schema.Struct({ program: Schema.String, brings: Schema.Literals(["anywhere", "to-this-host"]) })
export type MailProgram = typeof MailProgram.Type

export const Facts = Schema.Struct({
  /** What stands before every path that a process of the host opens: empty on a real host, the folder on a directory host. */
  root: Schema.String,
  host: Schema.Literals(["live", "directory"]),
  /** The user nginx's workers run as; null where they run as whoever started the agent (a directory host). */
  webUser: Schema.NullOr(Schema.String),
  /** Path of the nginx program and its version; null where there is none. */
  nginx: Schema.NullOr(
    Schema.Struct({
      program: Schema.String,
      version: Schema.String,
      /** Paths of the modules that compress with brotli, where they are installed. */
      brotli: Schema.optionalKey(Schema.Array(Schema.String)),
    }),
  ),
  /** The program that root sends mail with; null where there is none. */
  sendmail: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** The one that PHP sends mail with, from a sandbox in which nothing gains rights; null where there is none. */
  phpMail: Schema.optionalKey(Schema.NullOr(MailProgram)),
  php: Schema.Array(PhpFacts),
  /** MariaDB, running or not, and the socket that programs reach it by; null where it is not installed. */
  mariadb: Schema.NullOr(Schema.Struct({ version: Schema.String, socket: Schema.String })),
  /** PostgreSQL, in the same way, and its pg_hba.conf; null where nobody reads one. */
  postgresql: Schema.optionalKey(
    Schema.NullOr(Schema.Struct({ version: Schema.String, socket: Schema.String, hba: Schema.NullOr(Schema.String) })),
  ),
  /** sshd, and its program for SFTP where it is installed; null where there is none, or none of ours to use. */
  sshd: Schema.NullOr(
    Schema.Struct({ program: Schema.String, version: Schema.String, sftpServer: Schema.NullOr(Schema.String) }),
  ),
  /** Path of the program that makes jails; null where there is none. */
  bubblewrap: Schema.NullOr(Schema.String),
  /** Path of pasta(1), which gives a jail a network of its own; null where there is none. */
  pasta: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** The version of Landlock that the kernel has, 0 where it has none; left out where nobody has asked it. landlock(7). */
  landlock: Schema.optionalKey(Schema.Int),
  /** Path of nft(8), where this host can filter packets with it; null where it cannot. */
  nftables: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** The public key that this node's secrets are sealed for; left out where it has none. */
  sealing: Schema.optionalKey(Schema.Struct({ recipient: Schema.String })),
  /** The file system of the homes, and how it can limit what each holds; null where it cannot. */
  homes: Schema.Struct({
    filesystem: Schema.String,
    quotas: Schema.NullOr(Schema.Literals(["btrfs", "project"])),
  }),
  /** `https` is its port; null where this nginx answers to none. */
  http: Schema.Struct({
    port: Schema.Int,
    https: Schema.NullOr(Schema.Int),
    ipv4: Schema.String,
    ipv6: Schema.NullOr(Schema.String),
  }),
  /** How certificates are ordered. */
  acme: Schema.Struct({
    /** Whether this host orders any. */
    orders: Schema.Boolean,
    directory: Schema.String,
    email: Schema.NullOr(Schema.String),
    trust: Schema.NullOr(Schema.String),
    /** Addresses that names point to besides those of the host's interfaces. */
    addresses: Schema.Array(Schema.String),
    /** Names of the programs that set records in the DNS. */
    hooks: Schema.Array(Schema.String),
  }),
  /** restic, and the program (with its arguments) that makes backups with it; null where restic is not installed. */
  backups: Schema.NullOr(
    Schema.Struct({ restic: Schema.String, keeper: Schema.Struct({ node: Schema.String, program: Schema.String }) }),
  ),
})
export type Facts = typeof Facts.Type
