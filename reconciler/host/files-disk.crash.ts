// What files-disk.test.ts kills and starves: one write of "new" (or of as many bytes as said) to /file below the given root.

import * as fs from "node:fs"
import { ResourceFailure } from "../contract/resource.ts"
import { accountsFile } from "./accounts-file.ts"
import { filesOnDisk } from "./files-disk.ts"
import { journaledOwners } from "./owners.ts"
import { crashAt, onSideEffect } from "./side-effect.ts"

const [root = "", bytes] = process.argv.slice(2)
const files = filesOnDisk(root, journaledOwners(accountsFile(root), `${root}/.plumbline-owners`))
const crash = process.env["PLUMB_CRASH_AT"]
if (crash !== undefined) onSideEffect(crashAt(crash))
try {
  files.write("/file", bytes === undefined ? "new" : "x".repeat(Number(bytes)), {
    owner: "root",
    group: "root",
    mode: 0o640,
  })
} catch (cause) {
  if (!(cause instanceof ResourceFailure)) throw cause
  const content = fs.readFileSync(`${root}/file`, "utf8")
  const names = fs.readdirSync(root).sort()
  process.stdout.write(JSON.stringify({ reason: cause.reason, verdict: cause.verdict.kind, content, names }))
}
