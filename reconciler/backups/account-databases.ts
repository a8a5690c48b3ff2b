// Which databases are an account's, by what the records of its databases have written down.

import * as fs from "node:fs"
import { databaseEntries, databasesFolder } from "../resources/database-entry.ts"

export interface AccountDatabase {
  readonly name: string
  readonly engine: string
}

export const databasesOf = (account: string): ReadonlyArray<AccountDatabase> =>
  databaseEntries(account, fs.existsSync(databasesFolder) ? fs.readdirSync(databasesFolder) : [], (file) =>
    fs.readFileSync(`${databasesFolder}/${file}`, "utf8"),
  ).map(({ database, engine }) => ({ name: database, engine }))
