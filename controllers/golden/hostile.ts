/** Values that want to be more than a value, for property tests: one list of what has ever broken a configuration file. */
import * as fc from "fast-check"

const pieces = [
  ...["\n", "\r", "\t", " ", "\0", ";", "{", "}", "$", "${", '"', "'", "\\", "#", "`", "%", "%i", "%00", "%0a", "=", "|", "!"],
  ...["[x]", "..", "/../", "//", "/", ".", "-", "~", "^", "*", ":", "@", ",", "&", "(", ")", "<", ">", "?", "\u2028", "\u0085"],
  ...["\ufeff", "\u200d", "é", "日本", "🙂", "\ud800", "root /;", "include /etc/passwd", "pool", "$pool", "E_ALL", "on", "null"],
  ...["example.org", "https://", "acme", "a", "Z", "7", "/var/www", "php_admin_value[x] = y", "extension=/tmp/x.so"],
]

export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((list) => list.join("")),
  fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((list) => `/${list.join("")}`),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 30 }),
)
