/** What is sold, as a part of the contract: packages with limits, features and prices. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { Authenticated } from "../identity/actor.ts"
import * as Problems from "../problems.ts"
import * as Shapes from "../shapes.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const id = { id: text(100) }
const price = Schema.optionalKey(Schema.NullOr(Schema.Number))
const errors = [Problems.NotFound, Problems.Conflict, Problems.Invalid] as const

/** Prices in minor units: 990 is 9.90 of a currency with cents. Null: not sold by that time. */
const fields = {
  title: Schema.optionalKey(text(1000)),
  description: Schema.optionalKey(Schema.NullOr(text(10_000))),
  /** Those of the kind Package: /schemas/Package.json. */
  limits: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  features: Schema.optionalKey(Schema.Array(text(1000)).check(Schema.isMaxLength(50))),
  currency: Schema.optionalKey(text(10)),
  monthlyPrice: price,
  yearlyPrice: price,
  visible: Schema.optionalKey(Schema.Boolean),
}

export const packages = HttpApiGroup.make("packages")
  .add(
    /** In their order. Whoever does not run the installation sees those that are visible, and those that they have. */
    HttpApiEndpoint.get("list", "/v1/packages", { success: Schema.Struct({ items: Schema.Array(Shapes.Offer) }) }),
    HttpApiEndpoint.post("make", "/v1/packages", {
      payload: Schema.Struct({ id: text(100), ...fields }),
      success: Shapes.Offer.pipe(HttpApiSchema.status(201)),
      error: errors,
    }),
    /** All of them, first to last. */
    HttpApiEndpoint.put("order", "/v1/packages/order", {
      payload: Schema.Struct({ ids: Schema.Array(text(100)).check(Schema.isMaxLength(1000)) }),
      success: Schema.Struct({ items: Schema.Array(Shapes.Offer) }),
      error: Problems.Invalid,
    }),
    HttpApiEndpoint.get("read", "/v1/packages/:id", { params: id, success: Shapes.Offer, error: Problems.NotFound }),
    /** What is left out stays; of `limits` too (JSON Merge Patch). */
    HttpApiEndpoint.patch("change", "/v1/packages/:id", {
      params: id,
      payload: Schema.Struct(fields),
      success: Shapes.Offer,
      error: errors,
    }),
    /** Only one that no account has. */
    HttpApiEndpoint.delete("remove", "/v1/packages/:id", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: errors,
    }),
  )
  .middleware(Authenticated)
