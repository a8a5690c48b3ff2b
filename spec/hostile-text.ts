/**
 * Text that wants to be more than a value: what ends a line, a string, a block or an argument somewhere, climbs out of a
 * folder, cannot be seen, looks like something else, or is simply too long.
 */
export const hostileTexts: { readonly [name: string]: string } = {
  "a line end": "\n",
  "a carriage return": "\r",
  "a NUL": "\0",
  "a tab": "\t",
  "a line separator": "\u2028",
  "a next line": "\u0085",
  "an escape": "\u001b[2J",
  "a double quote": '"',
  "a single quote": "'",
  "a backtick": "`id`",
  "what ends a block": ";}",
  "a variable": "$document_root",
  "a command": "$(id)",
  "a pipe": "|id",
  "an ampersand": "&id",
  "a comment": " #",
  "a backslash": "\\",
  "a percent sign": "%i%%",
  "an angle": "</b>",
  "a way up": "../",
  "an encoded way up": "%2e%2e%2f",
  "a half encoded way up": "..%2f",
  "an encoded NUL": "%00",
  "an encoded line end": "%0a",
  "a twin of a": "\u0430",
  "a wide twin of a": "\uff41",
  "a right-to-left override": "\u202e",
  "a joiner": "\u200d",
  "half a surrogate": "\ud800",
  "a dash before": "-",
  "a label of 64 characters": "a".repeat(64),
}

export const tenMegabytes = "a".repeat(10 * 1024 * 1024)

/** Before, within and behind what stands there, and alone. */
export const around = (sample: string, bad: string): ReadonlyArray<string> => {
  const middle = Math.floor(sample.length / 2)
  return [bad, bad + sample, sample + bad, sample.slice(0, middle) + bad + sample.slice(middle)]
}
