import * as fs from "node:fs"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { hostile } from "../samples/hostile.ts"
import { fpmProgram, present, run } from "../samples/programs.ts"
import * as to from "./ini.ts"
import { UnsafeValue } from "./unsafe.ts"

const tried = (encoder: (value: string) => to.Ini, value: string): string | undefined => {
  try {
    return encoder(value).toString()
  } catch (error) {
    if (error instanceof UnsafeValue) return undefined
    throw error
  }
}

const encoders: ReadonlyArray<readonly [name: string, encoder: (value: string) => to.Ini, good: string]> = [
  ["section", to.section, "acme-shop"],
  ["setting", to.setting, "session.save_path"],
  ["value", to.value, "Europe/Vienna"],
  ["path", to.path, "/srv/My Sites/tmp"],
  ["socket", to.socket, "/run/plumb-php8.2/acme/php.sock"],
  ["errorLevels", to.errorLevels, "E_ALL & ~E_DEPRECATED & ~E_STRICT"],
  ["extension", to.extension, "pdo_mysql"],
  ["user", to.user, "www-data"],
]

describe.each(encoders)("the ini encoder %s", (_name, encoder, good) => {
  it("accepts a good value", () => {
    expect(tried(encoder, good)).toContain(good)
  })

  it("gives a bare word, an expression of constants or a single-quoted text, or refuses, whatever the value", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.tuple(hostile, hostile).map(([a, b]) => a + good + b),
        ),
        (value) => {
          const text = tried(encoder, value)
          if (text === undefined) return
          expect(text).toMatch(/^(?:[A-Za-z0-9/._-]+|E_[A-Z_]+(?: [&|] ~?E_[A-Z_]+)*|'[^'$\p{Cc}]*')$/u)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe("ini's encoders", () => {
  it("of mail: the account as the environment has it, at a node of a plain name, or nothing", () => {
    const command = (node: string) => to.mailCommand({ program: "/usr/bin/msmtp", brings: "to-this-host" }, node)
    expect(command("web1.example.org").toString()).toBe(
      `"/usr/bin/msmtp --host=127.0.0.1 -t -i -f \${USER}@web1.example.org"`,
    )
    fc.assert(
      fc.property(hostile, (node) => {
        const written = tried(command, node)
        if (written !== undefined) expect(written).toMatch(/@[a-z0-9.-]+"$/)
      }),
    )
  })

  it("quote words that the format would evaluate", () => {
    expect(["on", "None", "E_ALL", "PHP_OS", "a|b", "a b"].map((word) => to.value(word).toString())).toEqual([
      "'on'",
      "'None'",
      "'E_ALL'",
      "'PHP_OS'",
      "'a|b'",
      "'a b'",
    ])
  })

  it("refuse a socket that the kernel would cut off", () => {
    const path = (length: number) => `/${"a".repeat(length - 1)}`
    expect(to.socket(path(107)).toString()).toBe(path(107))
    expect(() => to.socket(path(108))).toThrow(UnsafeValue)
  })

  it("refuse the section of php-fpm itself, and an extension given by its path", () => {
    expect(() => to.section("global")).toThrow(UnsafeValue)
    expect(() => to.extension("../../tmp/evil")).toThrow(UnsafeValue)
  })

  it("write sizes in units that PHP knows", () => {
    expect([2 ** 30, 2 ** 40, 128 * 2 ** 20, 1500].map((bytes) => to.size(bytes).toString())).toEqual([
      "1G",
      "1024G",
      "128M",
      "1500",
    ])
  })
})

describe.skipIf(!present(fpmProgram))("php itself", () => {
  const folder = fs.mkdtempSync("/tmp/plumb-ini-")
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  it("reads every text that is let through as that text", () => {
    const values = fc
      .sample(hostile, 20_000)
      .flatMap((value) => (tried(to.value, value) === undefined ? [] : [value]))
      .concat(["on", "null", "E_ALL", "a b", "é日本", "1|2", "x=y"])
    // Any setting name will do: get_cfg_var shows what the parser made of each line.
    fs.writeFileSync(
      join(folder, "php.ini"),
      values.map((value, index) => `t.v${index} = ${to.value(value)}\n`).join(""),
    )
    const { said } = run(
      "/usr/bin/php8.2",
      "-c",
      join(folder, "php.ini"),
      "-r",
      `for ($i = 0; $i < ${values.length}; $i++) echo get_cfg_var("t.v$i"), "\\n";`,
    )
    expect(said.split("\n").slice(0, -1)).toEqual(values)
  })
})
