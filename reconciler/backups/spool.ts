// A run as it is written down for the agent to fetch (`reconciler/runs.ts`): a folder that is there from its beginning, and
// complete in the moment of its rename.

import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { runsFolder } from "../host/state-folders.ts"
import { type Done, doneFile, doneText } from "../resources/task.ts"

/** How much of what a run says is kept. */
const kept = 65_536

export interface Asked {
  readonly run: string
  readonly askedAt: number
  /** `Backup/before-update`, and its identity. */
  readonly record: string
  readonly recordId: string
}

/** What went wrong, and what to do about it: for the person who reads the run. */
export class Refused extends Error {
  readonly mend: string | undefined
  constructor(message: string, mend?: string) {
    super(message)
    this.mend = mend
  }
}

export interface Run {
  readonly id: string
  /** One line of what it tells. */
  readonly say: (line: string) => void
  readonly end: (
    outcome: Done["outcome"],
    message: string,
    more?: { details?: unknown; report?: unknown; mend?: string },
  ) => void
}

/** Says once and for all that the run was begun; false when a process that is gone has said so already. */
export const isFirst = (folder: string, id: string): boolean => {
  const file = `${folder}/begun`
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === id) return false
  fs.writeFileSync(`${file}.new`, id, { mode: 0o600, flush: true })
  fs.renameSync(`${file}.new`, file)
  return true
}

export const begin = (of: { readonly record: string; readonly recordId: string }, asked: Asked | undefined): Run => {
  const id = asked?.run ?? randomUUID()
  const part = `${runsFolder}/${id}.part`
  fs.rmSync(part, { recursive: true, force: true })
  fs.mkdirSync(part, { mode: 0o700 })
  const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  const write = (name: string, text: string) => {
    fs.writeFileSync(`${part}/${name}.new`, text, { mode: 0o600, flush: true })
    fs.renameSync(`${part}/${name}.new`, `${part}/${name}`)
  }
  write("begun", [of.record, of.recordId, asked?.askedAt ?? "", Date.now(), boot, process.pid, ""].join("\n"))
  let said = ""
  return {
    id,
    say: (line) => {
      said += `${line}\n`
      process.stdout.write(`${line}\n`)
    },
    end: (outcome, message, { details, mend, report } = {}) => {
      if (message !== "") said += `${message}\n`
      const bytes = Buffer.from(said)
      write("output", bytes.subarray(0, kept).toString("utf8"))
      write("dropped", String(Math.max(0, bytes.length - kept)))
      write(
        "result",
        outcome === "succeeded" ? "Result=success\n" : "Result=exit-code\nExecMainCode=1\nExecMainStatus=1\n",
      )
      if (details !== undefined) write("details", JSON.stringify(details))
      if (report !== undefined) write("report", JSON.stringify(report))
      write("ended", String(Date.now()))
      fs.renameSync(part, `${runsFolder}/${id}`)
      if (asked === undefined) return
      const file = doneFile(asked.record.replace("/", "."))
      const text = doneText({ askedAt: asked.askedAt, outcome, message, ...(mend === undefined ? {} : { mend }) })
      fs.writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
      fs.renameSync(`${file}.new`, file)
    },
  }
}
