// Which databases an account has on which server, and whom the platform lets in to each: written down by the records of its
// databases, for whoever looks after the account as a whole. A file a database, for root alone.
//
// The one thing to know before changing it: it tells what a record has made on the host. What an administrator made beside
// it stands in none of these files, and is left alone.

/**
 * Each is called ACCOUNT.DATABASE (or ACCOUNT.DATABASE.ENGINE, since each server may have one of the name). Neither name has a
 * dot in it.
 */
export const databasesFolder = "/etc/plumbline/databases"

export interface DatabaseEntry {
  readonly database: string
  readonly engine: string
  readonly users: ReadonlyArray<string>
}

/** The server, then its users; none of the words has a space in it. */
export const databaseEntryText = ({ engine, users }: Pick<DatabaseEntry, "engine" | "users">): string =>
  [engine, ...users.toSorted()].join(" ")

/** Those of one account, by the name of their database. `read` gives the text of a file of the folder. */
export const databaseEntries = (
  account: string,
  files: ReadonlyArray<string>,
  read: (file: string) => string,
): ReadonlyArray<DatabaseEntry> =>
  files
    .toSorted()
    .filter((file) => file.startsWith(`${account}.`))
    .map((file) => {
      const [engine = "", ...users] = read(file).trim().split(" ")
      return { database: file.split(".")[1] ?? "", engine, users }
    })
