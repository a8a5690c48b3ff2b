/**
 * logrotate's configuration, in which only paths of ours stand.
 *
 * The one thing to know before changing it: logrotate expands wildcards in names, so a path is quoted and may hold none;
 * the pattern after it is literal text of the template. logrotate(8).
 */
import { encoded, type Text, template } from "./text.ts"
import { absolutePath, shaped, whole } from "./unsafe.ts"

export const logrotate = template("logrotate")

/** A folder, followed by a pattern of ours: `"/var/log/plumbline/sites/*\/*.log"`. */
export const pathWith = (folder: string, pattern: "/*.log" | "/*/*.log"): Text<"logrotate"> =>
  encoded("logrotate", `"${absolutePath("a path in logrotate's configuration", folder)}${pattern}"`)

/** `include`, which takes quotes for a part of the name. */
export const folder = (value: string): Text<"logrotate"> =>
  encoded(
    "logrotate",
    shaped("a folder in logrotate's configuration", value, /^(?:\/[A-Za-z0-9._-]+)+$/, "Use a path without spaces."),
  )

/** One file. */
export const pathOf = (file: string): Text<"logrotate"> =>
  encoded("logrotate", `"${absolutePath("a path in logrotate's configuration", file)}"`)

export const count = (value: number): Text<"logrotate"> =>
  encoded("logrotate", whole("a number in logrotate's configuration", value, 1, 10_000))

/** A user or group of `su`. */
export const user = (value: string): Text<"logrotate"> =>
  encoded("logrotate", shaped("a user", value, /^[a-z_][a-z0-9_-]{0,31}$/, "Use the name of a system user."))
