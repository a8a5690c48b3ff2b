/**
 * The values of a backup, checked again where they are rendered: in the job that root's program reads (JSON, of which each
 * becomes one argument of restic) and in the variables that restic is given.
 *
 * The one thing to know before changing it: an argument that begins with a dash is an option, and in a pattern of restic's
 * `$` is a variable. No value here begins with the one or holds the other.
 */
import type { RestoreJob } from "../../reconciler/resources/backup-place.ts"
import type { RestoreSpec } from "../../spec/restore.ts"
import { databaseName } from "./sql.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

const noDots = (place: string, path: string): string => {
  if (path.split("/").some((part) => part === "." || part === ".." || part.startsWith("-")))
    throw new UnsafeValue(place, path, "Use a path without . and .. segments.")
  return path
}

export const repositoryPath = (value: string): `/${string}` =>
  noDots(
    "the folder of a repository",
    shaped(
      "the folder of a repository",
      value,
      /^\/(?:var\/backups|srv|mnt|media|backups?)(?:\/[A-Za-z0-9_.-]+)+$/,
      "Use a folder below /var/backups, /srv, /mnt, /media or /backup.",
    ),
  ) as `/${string}`

export const endpoint = (value: string): string =>
  shaped(
    "the address of an object storage",
    value,
    /^https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9]\d{0,4})?$/,
    "Write https:// and its name.",
  )

export const bucket = (value: string): string =>
  shaped("the name of a bucket", value, /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "Use letters, digits and dashes.")

export const prefix = (value: string): string =>
  noDots(
    "the prefix of objects",
    shaped(
      "the prefix of objects",
      value,
      /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/,
      "Use a relative path.",
    ),
  )

export const region = (value: string): string =>
  shaped("a region", value, /^[a-z0-9][a-z0-9-]{0,39}$/, "Write it as the provider does.")

export const key = (value: string): string =>
  shaped("a key of an object storage", value, /^[A-Za-z0-9_+/=.~-]{1,256}$/, "Copy it as it is.")

export const password = (value: string): string =>
  shaped("the password of a repository", value, /^[\x21-\x7e]{16,256}$/, "Use 16 to 256 visible characters of ASCII.")

export const certificates = (value: string): string => {
  const text = typeof value === "string" ? value : ""
  if (/^(?:-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?)+$/.test(text))
    return text
  throw new UnsafeValue("a list of certificates", "what was given", "Give certificates in PEM.")
}

/** As restic has it: below the home, or a name anywhere. */
export const exclude = (value: string, home: string): string => {
  const mend = "Use a name such as *.log, or a path from the home on."
  const pattern = shaped(
    "a pattern to leave out",
    value,
    /^[\p{L}\p{N}_.*?@+=,~][\p{L}\p{M}\p{N}_.*?@+=,~ /-]{0,199}$/u,
    mend,
  )
  if (pattern.split("/").some((part) => ["", ".", ".."].includes(part)))
    throw new UnsafeValue("a pattern to leave out", value, mend)
  return pattern.includes("/") ? `${home}/${pattern}` : pattern
}

export const snapshot = (value: string): string =>
  shaped("a backup", value, /^(?:latest|[0-9a-f]{8}(?:[0-9a-f]{56})?)$/, "Write latest, or the id of a backup.")

export const folderName = (value: string): string =>
  shaped("the name of a folder", value, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "Use letters, digits and dashes.")

/** A path of the home goes to programs as an argument of its own, behind the home. */
const pathInHome = (value: string): string => {
  const mend = "Use a path from the home on, without . and .. segments."
  const path = shaped(
    "a path of a home",
    value,
    /^[^/\p{Cc}\p{Zl}\p{Zp}\p{Cs}-][^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{0,1023}$/u,
    mend,
  )
  if (path.split("/").some((part) => ["", ".", ".."].includes(part)))
    throw new UnsafeValue("a path of a home", path, mend)
  return path
}

export { databaseName }

const engine = (value: string): string =>
  shaped("a database server", value, /^(?:mariadb|postgresql)$/, "Use mariadb or postgresql.")

export const what = (value: RestoreSpec["what"]): RestoreJob["what"] => {
  if (value === "everything" || value === "files") return value
  if (typeof value === "object" && "path" in value) return { path: pathInHome(value.path) }
  if (typeof value === "object" && "database" in value) {
    const database = databaseName(value.database)
    return value.engine === undefined ? { database } : { database, engine: engine(value.engine) }
  }
  throw new UnsafeValue("a part of a backup", String(value), "Use everything, files, a path or a database.")
}
