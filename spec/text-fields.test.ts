// Bad input, field by field: whatever somebody writes where text can stand is refused with that field's name and a mend, or is
// taken exactly as it is. What is taken is read back by the programs of a real host in `fixtures/suite/hostile.host.test.ts`.
import * as Result from "effect/Result"
import { beforeAll, describe, expect, it } from "vitest"
import { authority } from "../fixtures/acme/authority.ts"
import { examine } from "./examine.ts"
import { fullest } from "./fullest.ts"
import { hostileTexts, tenMegabytes } from "./hostile-text.ts"
import { encodeEnvelope, kindNames } from "./kinds.ts"
import { type Mistake, printField } from "./problem.ts"
import { nameOf, type Place, placesOf, type TextField, textAt, textFieldsOf, withText } from "./text-fields.ts"

type Written = ReturnType<typeof fullest>[number]
interface Found {
  readonly record: Written
  readonly place: Place
}

let records: ReadonlyArray<Written> = []
beforeAll(async () => {
  const issuer = await authority()
  records = fullest({ root: issuer.root, ...(await issuer.pair(["shop.example.org"])) })
})

const fields = kindNames.flatMap((kind) =>
  textFieldsOf(kind).map((field) => [`${kind} ${nameOf(field)}`, kind, field] as const),
)

const findIn = (kind: string, field: TextField): Found => {
  for (const record of records) {
    const [place] = record.kind === kind ? placesOf(record, field) : []
    if (place !== undefined) return { record, place }
  }
  throw new Error(`No record of spec/fullest.ts has a text at ${kind} ${nameOf(field)}: give one there.`)
}

/** Before, within and behind what stands there, and alone. */
const around = (sample: string, bad: string): ReadonlyArray<string> => {
  const middle = Math.floor(sample.length / 2)
  return [bad, bad + sample, sample + bad, sample.slice(0, middle) + bad + sample.slice(middle)]
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
