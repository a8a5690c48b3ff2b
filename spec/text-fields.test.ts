// Bad input, field by field: whatever somebody writes where text can stand is refused with that field's name and a mend, or is
// taken exactly as it is. What is taken is read back by the programs of a real host in `fixtures/suite/hostile.host.test.ts`.
import * as Result from "effect/Result"
import { beforeAll, describe, expect, it } from "vitest"
import { authority } from "../fixtures/acme/authority.ts"
import { examine } from "./examine.ts"
import { certified, type Found, findWith, fullest, type Written } from "./fullest.ts"
import { around, hostileTexts, tenMegabytes } from "./hostile-text.ts"
import type { KindName } from "./kind-names.ts"
import { encodeEnvelope, kindNames } from "./kinds.ts"
import { type Mistake, printField } from "./problem.ts"
import { nameOf, type TextField, textAt, textFieldsOf, withText } from "./text-fields.ts"

let records: ReadonlyArray<Written> = []
beforeAll(async () => {
  const issuer = await authority()
  records = fullest({ root: issuer.root, ...(await issuer.pair(certified)) })
})

const fields = kindNames.flatMap((kind) =>
  textFieldsOf(kind).map((field) => [`${kind} ${nameOf(field)}`, kind, field] as const),
)

const findIn = (kind: KindName, field: TextField): Found => {
  const found = findWith(records, kind, field)
  if (found === undefined)
    throw new Error(`No record of spec/fullest.ts has a text at ${kind} ${nameOf(field)}: give one there.`)
  return found
}

const hidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202e\u200d]/u

/** It is about this field: its name, or that of what holds it where the field has no name of its own. */
const isAbout = (mistake: Mistake, { place }: Found, text: string, isKey: boolean): boolean => {
  const own = printField(isKey ? [...place.slice(0, -1), text] : place)
  const holder = printField(place.slice(0, -1))
  return mistake.field === own || mistake.field === holder || mistake.field.startsWith(`${own}.`)
}

const judge = (found: Found, field: TextField, text: string): void => {
  const isKey = field.at(-1) === "{key}"
  const result = examine(withText(found.record, field, found.place, text))
  if (Result.isFailure(result)) {
    expect(result.failure.filter((mistake) => isAbout(mistake, found, text, isKey))).not.toEqual([])
    for (const { message, mend } of result.failure) {
      expect(message).not.toBe("")
      expect(mend).not.toBe("")
      expect(`${message}${mend}`).not.toMatch(hidden)
      expect(message.length + mend.length).toBeLessThan(1500)
    }
    return
  }
  const taken = encodeEnvelope(result.success.envelope)
  const kept = isKey ? text : textAt(taken, field, found.place)
  if (typeof kept !== "string") throw new Error(`${text} became ${JSON.stringify(kept)}`)
  // What is kept is the text, or the one form of it that stands for all (a domain in lower case): which is kept as it is.
  const again = examine(withText(found.record, field, found.place, kept))
  if (Result.isFailure(again)) throw new Error(`${kept} is refused where ${text} was taken`)
  expect(isKey ? kept : textAt(encodeEnvelope(again.success.envelope), field, found.place)).toBe(kept)
}

it("stands on records that are taken themselves", () => {
  for (const record of records) expect(Result.isFailure(examine(record)) && examine(record)).toBe(false)
})

describe.each(fields)("%s", (_, kind, field) => {
  it("is refused by its name, or taken as it is", () => {
    const found = findIn(kind, field)
    const sample = String(textAt(found.record, field, found.place))
    for (const bad of Object.values(hostileTexts)) for (const text of around(sample, bad)) judge(found, field, text)
  })

  it("is refused by its name when it has ten megabytes", () => {
    const found = findIn(kind, field)
    for (const text of [tenMegabytes, String(textAt(found.record, field, found.place)) + tenMegabytes]) {
      const result = examine(withText(found.record, field, found.place, text))
      expect(Result.isFailure(result)).toBe(true)
      judge(found, field, text)
    }
  })
})

it.each([
  ["BackupPolicy", "spec.onFailure.webhook.url"],
  ["BackupPolicy", "spec.repository.s3.endpoint"],
  ["Certificate", "spec.issuer.acme.directory"],
  ["Node", "spec.acme.directory"],
] as const)("%s %s names a host that a DNS can have", (kind, name) => {
  const field = name.split(".")
  const found = findIn(kind, field)
  for (const host of [`${"a".repeat(64)}.example.org`, "a..example.org", `${"a.".repeat(127)}org`]) {
    const text = String(textAt(found.record, field, found.place)).replace(/\/\/[^/]+/, `//${host}`)
    const result = examine(withText(found.record, field, found.place, text))
    expect(Result.isFailure(result) && result.failure.map((mistake) => mistake.field)).toEqual([name])
  }
})
