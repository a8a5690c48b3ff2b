import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { look } from "./command.ts"

const failureOf = (argv: readonly [string, ...Array<string>], seconds: number) =>
  Effect.runPromise(Effect.flip(look(argv, seconds)))

it("ends a program with all that it has started, and tells what it said", async () => {
  const { message } = await failureOf(["/bin/sh", "-c", "echo asking; sleep 3123 & echo $!; wait"], 0.3)
  expect(message).toMatch(/^\/bin\/sh could not be run: no answer within 0\.3 s; it said: asking\n\d+$/)
  const child = Number(message.split("\n").at(-1))
  await expect.poll(() => isAlive(child)).toBe(false)
})

it("waits for nobody who keeps the output of a program that has ended", async () => {
  // It leaves the group, and so is not ended: that is for whoever limits what the agent may start (its own unit).
  const { message } = await failureOf(["/bin/sh", "-c", "setsid sleep 4 & echo begun"], 0.3)
  expect(message).toContain("no answer within 0.3 s; it said: begun")
})

it("gives what a program says, whatever its exit code", async () => {
  expect(await Effect.runPromise(look(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]))).toEqual({
    code: 3,
    stdout: "out",
    stderr: "err",
  })
})

/** A process that nobody has asked after yet is over too. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}
