// How a person names a kind or a record on the command line: `Site`, `site` and `sites` are the same, and so is `site/shop`
// for `Site shop`.

import * as Argument from "effect/cli/Argument"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type KindName, kindNames } from "../../spec/kinds.ts"
import { nearest } from "../../spec/problem.ts"
import { CommandFailure } from "./failure.ts"

const unknownKind = (word: string) => {
  const meant = nearest(word, kindNames)
  return new CommandFailure({
    message: `there is no kind "${word}"`,
    mend: meant === undefined ? `there are ${kindNames.join(", ")}` : `did you mean ${meant}?`,
  })
}

export const kindOf = (word: string): Effect.Effect<KindName, CommandFailure> => {
  const folded = word.toLowerCase()
  const found = kindNames.find((name) => [name.toLowerCase(), `${name.toLowerCase()}s`].includes(folded))
  return found === undefined ? Effect.fail(unknownKind(word)) : Effect.succeed(found)
}

export interface RecordName {
  readonly kind: KindName
  readonly name: string | undefined
}

/** A kind and perhaps a name, from `KIND [NAME]` or `KIND/NAME`. */
export const recordOf = (word: string, name: Option.Option<string>): Effect.Effect<RecordName, CommandFailure> =>
  Effect.gen(function* () {
    const slash = word.indexOf("/")
    if (slash < 0) return { kind: yield* kindOf(word), name: Option.getOrUndefined(name) }
    if (Option.isSome(name)) {
      return yield* new CommandFailure({
        message: `"${word}" names a record already, and "${name.value}" is one too many`,
        mend: "write KIND NAME or KIND/NAME",
      })
    }
    return { kind: yield* kindOf(word.slice(0, slash)), name: word.slice(slash + 1) }
  })

/** The same where exactly one record is meant. */
export const oneRecordOf = (word: string, name: Option.Option<string>) =>
  Effect.flatMap(recordOf(word, name), ({ kind, name }) =>
    name === undefined || name === ""
      ? Effect.fail(new CommandFailure({ message: `which ${kind}?`, mend: `name it: ${kind} NAME` }))
      : Effect.succeed({ kind, name }),
  )

export const kindArgument = Argument.String("KIND").pipe(
  Argument.withDescription(`${kindNames.join(", ")}; also in lower case, in the plural, or as KIND/NAME`),
)
export const nameArgument = Argument.String("NAME").pipe(
  Argument.withDescription("The record's name, where KIND does not hold it already"),
  Argument.optional,
)
