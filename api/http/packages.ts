/** /v1/packages */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type { Json } from "effect/Schema"
import { apiVersion } from "../../spec/envelope.ts"
import { Api } from "../contract.ts"
import * as Things from "../customer/things.ts"
import * as Audit from "../identity/audit.ts"
import * as Offers from "../offers/offers.ts"
import { Invalid, type Mistake } from "../problems.ts"
import { answerActor } from "./answer-actor.ts"
import { asTheOnlyWriter, one, patchOne } from "./one-record.ts"

interface Wish extends Offers.Terms {
  readonly description?: string | null
  readonly limits?: { readonly [limit: string]: Json }
}

const refuse = (problems: ReadonlyArray<Mistake>) =>
  problems.length === 0 ? Effect.void : Effect.fail(new Invalid({ detail: "Nothing was changed.", problems }))

const named = { field: "id", message: "There is a package of this name.", mend: "Choose another." }

const make = Effect.fnUntraced(function* (id: string, { description, limits, ...terms }: Wish) {
  yield* refuse(Offers.mistakesOf(terms))
  yield* asTheOnlyWriter
  if ((yield* Effect.option(Offers.read(id)))._tag === "Some") yield* refuse([named])
  const spec = {
    ...(limits === undefined ? {} : { limits }),
    ...(description === undefined || description === null ? {} : { description }),
  }
  yield* one({ records: [{ apiVersion, kind: "Package", metadata: { name: id }, spec }] })
  const offer = yield* Offers.keep(id, terms)
  yield* Audit.noteDone({ action: "package.changed", target: `Package/${id}`, after: offer })
  return offer
})

const change = Effect.fnUntraced(function* (id: string, { description, limits, ...terms }: Wish) {
  yield* refuse(Offers.mistakesOf(terms))
  yield* asTheOnlyWriter
  const before = yield* Offers.read(id)
  const patch = { ...(limits === undefined ? {} : { limits }), ...(description === undefined ? {} : { description }) }
  if (Object.keys(patch).length > 0) yield* patchOne("Package", id, { spec: patch }, undefined)
  const after = yield* Offers.keep(id, terms)
  yield* Audit.noteDone({ action: "package.changed", target: `Package/${id}`, before, after })
  return after
})

const remove = Effect.fnUntraced(function* (id: string) {
  yield* asTheOnlyWriter
  const before = yield* Offers.read(id)
  const key = `Package/${id}`
  yield* one({ records: [], unwanted: [{ key, confirmed: false }], expectVersions: { [key]: before.version } })
  yield* Offers.forget(id)
  yield* Audit.noteDone({ action: "package.changed", target: key, before })
})

export const layer = HttpApiBuilder.group(Api, "packages", (handlers) =>
  handlers
    .handle("list", () => answerActor(Effect.map(Offers.list, (items) => ({ items }))))
    .handle("make", ({ payload: { id, ...wish } }) => answerActor(Things.inTheirWords(make(id, wish))))
    .handle("order", ({ payload }) =>
      answerActor(
        Effect.gen(function* () {
          yield* asTheOnlyWriter
          yield* refuse(yield* Offers.order(payload.ids))
          yield* Audit.noteDone({ action: "package.changed", target: "packages", details: { order: payload.ids } })
          return { items: yield* Offers.list }
        }),
      ),
    )
    .handle("read", ({ params }) => answerActor(Offers.read(params.id)))
    .handle("change", ({ params, payload }) => answerActor(Things.inTheirWords(change(params.id, payload))))
    .handle("remove", ({ params }) => answerActor(Things.inTheirWords(remove(params.id)))),
)
