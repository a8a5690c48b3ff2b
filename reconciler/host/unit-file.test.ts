import * as fs from "node:fs"
import { execaSync } from "execa"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { escapeUnitName, instanceName, sliceName, unescapeUnitName } from "../resources/unit-name.ts"
import { commandLine, environmentOf, fileOf, parseUnitFile, splitWords } from "./unit-file.ts"

const text = `# a comment
[Service]
ExecStart=/usr/sbin/php-fpm8.2 --nodaemonize \\
  --fpm-config "/srv/a b/%I.conf"
ExecReload=-/bin/kill -USR2 $MAINPID
Environment=PHP_INI_SCAN_DIR= "NAME=of %i" LEVEL=${"$"}x
ExecStartPre=/bin/false
ExecStartPre=

[Install]
WantedBy=multi-user.target
`

describe("a unit file", () => {
  const unit = parseUnitFile(text)
  const name = "plumb-php8.2@acme\\x2dshop.service"

  it("gives its command with quotes, continued lines and specifiers", () => {
    expect(commandLine(unit.get("Service.ExecStart")?.[0] ?? "", name, {})?.argv).toEqual([
      "/usr/sbin/php-fpm8.2",
      "--nodaemonize",
      "--fpm-config",
      "/srv/a b/acme-shop.conf",
    ])
  })
  it("puts variables into words and never makes two of one", () => {
    const line = commandLine(unit.get("Service.ExecReload")?.[0] ?? "", name, { MAINPID: "1 2" })
    expect(line).toEqual({ argv: ["/bin/kill", "-USR2", "1 2"], mayFail: true })
  })
  it("knows its environment, and that an empty assignment clears a list", () => {
    expect(environmentOf(unit, name)).toEqual({ PHP_INI_SCAN_DIR: "", NAME: "of acme\\x2dshop", LEVEL: "$x" })
    expect(unit.get("Service.ExecStartPre")).toEqual([])
  })
  it("of an instance is its template's", () => {
    expect(fileOf(name)).toBe("plumb-php8.2@.service")
    expect(fileOf("plumb-nginx.service")).toBe("plumb-nginx.service")
  })
  it("is cut into words without losing or joining any", () => {
    const word = fc.stringMatching(/^[a-z0-9 ]{1,8}$/)
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map((one) => `"${one}"`).join("  "))).toEqual(words)
      }),
    )
  })
})

describe("a unit's name", () => {
  it("escapes the dash, which is hierarchy in a slice", () => {
    expect(sliceName("acme-shop")).toBe("plumb-acme\\x2dshop.slice")
    expect(instanceName("plumb-php8.2", "acme-shop")).toBe("plumb-php8.2@acme\\x2dshop.service")
  })
  it("comes back as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(unescapeUnitName(escapeUnitName(name))).toBe(Buffer.from(name).toString())
      }),
    )
  })
  it.runIf(fs.existsSync("/usr/bin/systemd-escape"))("is what systemd-escape makes of it", () => {
    const names = ["acme", "acme-shop", ".hidden", "a.b_c:d", "ümlaut", "a b", "100%", "back\\slash"]
    const { stdout } = execaSync("systemd-escape", ["--", ...names])
    expect(names.map(escapeUnitName).join(" ")).toBe(stdout)
  })
})
