// Which databases are an account's, by what the records of its databases have written down.

import * as fs from "node:fs"
import { databasesFolder } from "../resources/backup-place.ts"

export interface AccountDatabase {
  readonly name: string
  readonly engine: string
}

export const databasesOf = (account: string): ReadonlyArray<AccountDatabase> =>
  (fs.existsSync(databasesFolder) ? fs.readdirSync(databasesFolder) : [])
    .toSorted()
    .filter((name) => name.startsWith(`${account}.`))
    .map((name) => ({
      name: name.split(".")[1] ?? "",
      engine: fs.readFileSync(`${databasesFolder}/${name}`, "utf8").trim(),
    }))
