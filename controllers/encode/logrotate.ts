/**
 * logrotate's configuration, in which only paths of ours stand.
 *
 * The one thing to know before changing it: logrotate expands wildcards in names, so a path is quoted and may hold none;
 * the pattern after it is literal text of the template. logrotate(8).
 */
import { encoded, type Text, template } from "./text.ts"
import { absolutePath } from "./unsafe.ts"

export const logrotate = template("logrotate")

/** A folder, followed by a pattern of ours: `"/var/log/plumbline/sites/*\/*.log"`. */
export const pathWith = (folder: string, pattern: "/*.log" | "/*/*.log"): Text<"logrotate"> =>
  encoded("logrotate", `"${absolutePath("a path in logrotate's configuration", folder)}${pattern}"`)
