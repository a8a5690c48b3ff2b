// Two paths change places in one moment: renameat2(2), which Node does not have and Debian's perl can call. Where one of them is
// not there, the other goes to it. Whoever calls it has the rights to both folders, and no link is followed at either end.

import { spawn } from "node:child_process"
import * as fs from "node:fs"

const calls: { readonly [arch: string]: string } = { x64: "316", arm64: "276" }
/** RENAME_NOREPLACE and RENAME_EXCHANGE. */
const [noReplace, swap] = ["1", "2"]

const script = "exit(syscall($ARGV[0] + 0, -100, $ARGV[1], -100, $ARGV[2], $ARGV[3] + 0) == 0 ? 0 : ($! + 0 || 1))"

const renameat2 = (from: string, to: string, flags: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = calls[process.arch]
    if (call === undefined) return reject(new Error(`renameat2 is not known on ${process.arch}`))
    const child = spawn("/usr/bin/perl", ["-e", script, call, from, to, flags], { stdio: "ignore" })
    child.once("error", reject)
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${from} and ${to} do not change places: errno ${code}`)),
    )
  })

const isThere = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined

export const exchange = async (one: string, other: string): Promise<void> => {
  if (isThere(one)) await renameat2(one, other, isThere(other) ? swap : noReplace)
  else await renameat2(other, one, noReplace)
}
