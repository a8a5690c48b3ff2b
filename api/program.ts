/**
 * How a process of the API is started. It serves many requests at once, and V8 by itself is set for pages that are looked at:
 *
 * - It counts how many objects of a place in the code live on, and makes those of a place where many do as old ones. Most of
 *   ours live as long as a request; but what was counted while the process began holds for ever, and an object that is old from
 *   the beginning keeps all that it names until the next full collection.
 * - A hundred seconds after the last full collection it gives back what memory it can, however busy the process is: everybody
 *   waits for half a second, and the next ones for room that has to grow again. Only who starts the process can turn it off.
 */
import { fileURLToPath } from "node:url"

const v8Flags = ["--no-allocation-site-pretenuring", "--no-memory-reducer"] as const

/** The program and its arguments; its settings are in `main.ts`. */
export const apiArgv = [process.execPath, ...v8Flags, fileURLToPath(new URL("./main.ts", import.meta.url))] as const
