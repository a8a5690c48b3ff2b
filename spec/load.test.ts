import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { type LoadedRecord, load } from "./load.ts"
import { type Problem, parseField, printField, printProblem } from "./problem.ts"

const problems = (text: string): ReadonlyArray<Problem> => {
  const result = load([{ file: "x.yaml", text }])
  return Result.isFailure(result) ? result.failure : []
}
const lines = (text: string): ReadonlyArray<string> => problems(text).map(printProblem)
const records = (text: string): ReadonlyArray<LoadedRecord> =>
  Result.getOrElse(load([{ file: "x.yaml", text }]), () => [])

const record = (kind: string, name: string, spec: string): string =>
  `apiVersion: plumbline.dev/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`

// Fifty mistakes of every sort in five documents; each is listed as line:column field.
const fiftyMistakes = `apiVersion: plumbline.dev/v2
kind: Account
metadata:
  name: root
  labels: { "-bad": x, ok: "a b" }
  annotations: { plumbline.dev/adopt: maybe, plumbline.dev/nope: "true" }
  colour: blue
spec:
  uid: 0
  limits: { memory: lots, cpu: 0, tasks: 1.5, floppy: 10G }
  comment: "a:b"
  shell: /bin/bash
---
apiVersion: plumbline.dev/v1
kind: Site
metadata: { name: Shop }
spec:
  acount: acme
  domains: [shop.example.org, SHOP.example.org, "www.*.example", 192.0.2.1, localhost, 5, "a b.example.org"]
  aliases: [shop.example.org, "2001:db8::1"]
  redirects:
    www: ad
    https: "yes"
    paths:
      - { from: about, to: /about }
      - { from: /a, to: "javascript:alert(1)", status: 300 }
      - { from: /a, to: /a }
      - /b
  documentRoot: ../../etc
  php: 8
  suspended: 1
  indexFiles: [a/b.html, index.html, index.html]
  errorPages: { 404: 404.html, 418: /teapot }
  maxUpload: 64
---
apiVersion: plumbline.dev/v1
kind: Php
metadata: { name: shop }
spec:
  account: acme
  version: 8.2
  ini:
    memory_limit: 1T
    upload_max_filesize: 64M
    post_max_size: 32M
    auto_prepend_file: /x
    date.timezone: Mars/Olympus
    error_reporting: E_NONE
  pool: { mode: static, maxChildren: "5" }
  extensions: { "intl;": true, gd: "yes" }
---
apiVersion: plumbline.dev/v1
kind: Sit
metadata: { name: x }
spec: {}
---
- not a record
`

describe("a file with mistakes", () => {
  it("has each of fifty mistakes reported once, at its place, with its mend", () => {
    const found = problems(fiftyMistakes)
    expect(found.map((one) => `${one.line}:${one.column} ${one.field}`)).toMatchInlineSnapshot(`
      [
        "1:13 apiVersion",
        "4:9 metadata.name",
        "5:13 metadata.labels["-bad"]",
        "5:28 metadata.labels.ok",
        "6:39 metadata.annotations["plumbline.dev/adopt"]",
        "6:66 metadata.annotations["plumbline.dev/nope"]",
        "7:3 metadata.colour",
        "9:8 spec.uid",
        "10:21 spec.limits.memory",
        "10:32 spec.limits.cpu",
        "10:42 spec.limits.tasks",
        "10:47 spec.limits.floppy",
        "11:12 spec.comment",
        "12:3 spec.shell",
        "16:19 metadata.name",
        "18:3 spec.acount",
        "19:31 spec.domains[1]",
        "19:49 spec.domains[2]",
        "19:66 spec.domains[3]",
        "19:77 spec.domains[4]",
        "19:88 spec.domains[5]",
        "19:91 spec.domains[6]",
        "20:31 spec.aliases[1]",
        "22:10 spec.redirects.www",
        "23:12 spec.redirects.https",
        "25:17 spec.redirects.paths[0].from",
        "26:25 spec.redirects.paths[1].to",
        "26:56 spec.redirects.paths[1].status",
        "27:25 spec.redirects.paths[2].to",
        "28:9 spec.redirects.paths[3]",
        "29:17 spec.documentRoot",
        "30:8 spec.php",
        "31:14 spec.suspended",
        "32:16 spec.indexFiles[0]",
        "32:38 spec.indexFiles[2]",
        "33:22 spec.errorPages["404"]",
        "33:32 spec.errorPages["418"]",
        "34:14 spec.maxUpload",
        "41:12 spec.version",
        "43:19 spec.ini.memory_limit",
        "45:20 spec.ini.post_max_size",
        "46:5 spec.ini.auto_prepend_file",
        "47:20 spec.ini["date.timezone"]",
        "48:22 spec.ini.error_reporting",
        "49:17 spec.pool.mode",
        "49:38 spec.pool.maxChildren",
        "50:17 spec.extensions["intl;"]",
        "50:36 spec.extensions.gd",
        "53:7 kind",
        "57:1 ",
      ]
    `)
    expect(found).toHaveLength(50)
    expect(found.filter((one) => one.message.length < 10 || one.mend.length < 8)).toEqual([])
  })

  it("says what is wrong and what to write instead", () => {
    expect(lines(fiftyMistakes)).toMatchSnapshot()
  })

  it("still checks a document whose key is there twice, and those after a broken one", () => {
    const text = `${record("Account", "acme", "{limits: {cpu: 0}, limits: {cpu: 0}}")}---\na: [\n---\n${record("Account", "x!", "{}")}`
    expect(lines(text)).toMatchInlineSnapshot(`
      [
        "x.yaml:4:26 spec.limits: "limits" is given twice. Keep one of the two.",
        "x.yaml:4:40 Account/acme spec.limits.cpu: 0 is out of range. Give a whole number of percent of one core from 1 to 12800.",
        "x.yaml:7:1: Flow sequence in block collection must be sufficiently indented and end with a ]. Align the line with its neighbours, and close every bracket.",
        "x.yaml:10:18 Account/x! metadata.name: "x!" cannot be the name of an account. Use 1 to 31 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash.",
      ]
    `)
  })

  it("reports a flaw of the whole beside flaws of its parts", () => {
    const text = record(
      "Php",
      "p",
      "{account: acme, version: '8.2', ini: {upload_max_filesize: 2M, post_max_size: 1M, max_input_vars: 1}}",
    )
    expect(problems(text).map((one) => one.field)).toEqual(["spec.ini.post_max_size", "spec.ini.max_input_vars"])
  })

  it("reports nothing that only follows from another mistake", () => {
    expect(problems(record("Site", "s", "{account: acme, domains: ['-']}")).map((one) => one.field)).toEqual([
      "spec.domains[0]",
    ])
  })
})

describe("a field that is missing", () => {
  it("is named with what may stand there, where that is known", () => {
    expect(lines("kind: Account\nmetadata: {name: acme}\nspec: {}\n").join("\n")).toContain(
      "apiVersion is missing. Add apiVersion: plumbline.dev/v1.",
    )
  })
})

describe("input that may be hostile", () => {
  it.each([
    ["ten megabytes", "x".repeat(10 * 1024 * 1024), "at most 4194304 are read"],
    ["deep brackets", "[".repeat(100_000), "nested too deeply"],
    ["deep dashes", `${"- ".repeat(50_000)}x`, "nested too deeply"],
    ["fifty deep", `${"[".repeat(50)}${"]".repeat(50)}`, "nested more than 32 deep"],
    ["very many documents", "---\n".repeat(60_000), "more than 50000 documents"],
    ["a duplicate key", "kind: Site\nkind: Php\n", '"kind" is given twice.'],
    ["a duplicate key in JSON", '{"kind": "Site", "kind": "Php"}', '"kind" is given twice.'],
    ["a merge key", "a: &a {x: 1}\nb: {<<: *a}\n", "Merge keys (<<) are not read."],
    ["a custom tag", "a: !!js/function x\n", "is not read."],
    ["a binary tag", "a: !!binary aGk=\n", "is not read."],
    ["YAML 1.1", "%YAML 1.1\n---\na: yes\n", "asks for YAML 1.1"],
    ["an alias without an anchor", "a: *b\n", "is not defined above"],
    ["an alias of itself", "a: &a [*a]\n", "contains itself"],
    ["a key that is a list", "? [a]\n: b\n", "keys must be strings"],
    ["a bracket left open", '{"a": 1', "must end with a }"],
    ["no record at all", "just text", "This is not a record."],
    ["another kind of file", "version: 3\nservices: {}\n", "This is not a record."],
  ])("is refused with words: %s", (_, text, words) => {
    expect(lines(text).join("\n")).toContain(words)
  })

  it("does not expand a billion laughs", () => {
    const levels = [..."bcdefghij"].map(
      (name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[index]}`)}]`,
    )
    const text = `a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n${levels.join("\n")}\n`
    const found = lines(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain("expand to too much")
  })

  it("reads an honest alias, and reports its mistakes", () => {
    const text = record("Site", "s", "{account: acme, domains: [&d shop.example.org], php: *d}")
    expect(lines(text)).toMatchInlineSnapshot(`
      [
        "x.yaml:4:60 Site/s spec.php: "shop.example.org" cannot be a name. Use 1 to 63 lower-case letters, digits and dashes, with a letter or digit at both ends.",
      ]
    `)
  })

  it("stops listing after a thousand mistakes of a file, and says how many there are", () => {
    const found = problems(
      record("Account", "acme", `{${Array.from({ length: 3000 }, (_, i) => `k${i}: 1`).join(", ")}}`),
    )
    expect(found).toHaveLength(1001)
    expect(found.at(-1)?.message).toBe("There are 2000 more mistakes from here on.")
  })

  it("takes neither infinity nor NaN for a number", () => {
    expect(
      problems(record("Account", "acme", "{uid: .nan, limits: {cpu: .inf, tasks: -.inf}}")).map((one) => one.field),
    ).toEqual(["spec.uid", "spec.limits.cpu", "spec.limits.tasks"])
  })

  it("takes neither __proto__ nor constructor for a field", () => {
    expect(
      problems(record("Account", "acme", "{__proto__: {uid: 10000}, constructor: 1}")).map((one) => one.field),
    ).toEqual(["spec.__proto__", "spec.constructor"])
  })
})

describe("a file that is right", () => {
  it("gives its records, in order, from YAML and from JSON alike", () => {
    const yaml = `# two records\n${record("Account", "acme", "{}")}---\n${record("Node", "web1.example.org", "{}")}---\n# nothing\n`
    expect(records(yaml).map((one) => one.envelope.metadata.name)).toEqual(["acme", "web1.example.org"])
    const json = JSON.stringify(
      { apiVersion: "plumbline.dev/v1", kind: "Account", metadata: { name: "acme" }, spec: {} },
      null,
      "\t",
    )
    expect(records(json)[0]?.envelope).toEqual(records(yaml)[0]?.envelope)
  })

  it("may carry a status, which is left out with a note", () => {
    const [one] = records(`${record("Account", "acme", "{}")}status: {conditions: []}\n`)
    expect(one?.notes).toEqual(["status is written by the reconciler alone; it was left out."])
    expect(one?.envelope).not.toHaveProperty("status")
  })

  it("may give error pages by number", () => {
    const [one] = records(
      record("Site", "s", "{account: acme, domains: [shop.example.org], errorPages: {404: /404.html}}"),
    )
    expect(one?.envelope.spec).toMatchObject({ errorPages: { "404": "/404.html" } })
  })
})

describe("a field's address", () => {
  it.each([
    ["spec.domains[0]"],
    ['spec.ini["date.timezone"]'],
    ['metadata.labels["a/b \\" c"]'],
    [""],
    ['spec.errorPages["404"]'],
  ])("is read as it is printed: %s", (field) => {
    expect(printField(parseField(field))).toBe(field)
  })
})
