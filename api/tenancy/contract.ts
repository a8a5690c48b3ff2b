/** Resellers and customers, as a part of the contract. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { Authenticated } from "../identity/actor.ts"
import { ActsOn } from "../identity/scopes.ts"
import * as Problems from "../problems.ts"
import * as Shapes from "../shapes.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const id = { id: text(100) }
const listed = {
  /** A part of the name or slug. */
  search: Schema.optionalKey(text(200)),
  sort: Schema.optionalKey(Schema.Literals(["name", "-name", "created", "-created"])),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
  after: Schema.optionalKey(Schema.String),
}
/** `limits` replace those that there are. The commission is in hundredths of a percent: 1250 is 12.5 %. */
const terms = {
  limits: Schema.optionalKey(Shapes.TenantLimits),
  commissionBasisPoints: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))),
}
const page = Schema.Struct({ items: Schema.Array(Shapes.Tenant), next: Schema.NullOr(Schema.String) })
const errors = [Problems.NotFound, Problems.Invalid] as const

export const resellers = HttpApiGroup.make("resellers")
  .add(
    HttpApiEndpoint.get("list", "/v1/resellers", { query: listed, success: page }),
    HttpApiEndpoint.post("make", "/v1/resellers", {
      payload: Schema.Struct({ slug: text(100), name: text(1000), ...terms }),
      success: Shapes.Tenant.pipe(HttpApiSchema.status(201)),
      error: Problems.Invalid,
    }),
    HttpApiEndpoint.get("read", "/v1/resellers/:id", {
      params: id,
      success: Shapes.Tenant,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.patch("change", "/v1/resellers/:id", {
      params: id,
      payload: Schema.Struct({ name: Schema.optionalKey(text(1000)), ...terms }),
      success: Shapes.Tenant,
      error: errors,
    }),
    /** Only one that has nothing any more. */
    HttpApiEndpoint.delete("remove", "/v1/resellers/:id", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: errors,
    }),
  )
  .middleware(Authenticated)

export const customers = HttpApiGroup.make("customers")
  .add(
    HttpApiEndpoint.get("list", "/v1/customers", {
      /** `reseller`: an id, or `none` for those of whoever runs the installation. */
      query: { ...listed, reseller: Schema.optionalKey(text(100)) },
      success: page,
    }),
    HttpApiEndpoint.post("make", "/v1/customers", {
      /** A reseller's are the reseller's own. */
      payload: Schema.Struct({ slug: text(100), name: text(1000), reseller: Schema.optionalKey(text(100)) }),
      success: Shapes.Tenant.pipe(HttpApiSchema.status(201)),
      error: Problems.Invalid,
    }),
    HttpApiEndpoint.get("read", "/v1/customers/:id", {
      params: id,
      success: Shapes.Tenant,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.patch("change", "/v1/customers/:id", {
      params: id,
      /** Null: of whoever runs the installation. */
      payload: Schema.Struct({
        name: Schema.optionalKey(text(1000)),
        reseller: Schema.optionalKey(Schema.NullOr(text(100))),
      }),
      success: Shapes.Tenant,
      error: errors,
    }),
    HttpApiEndpoint.delete("remove", "/v1/customers/:id", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: errors,
    }),
  )
  .middleware(Authenticated)

/** A reseller's own side: its customers with their accounts. Whoever runs the installation sees those of all. */
export const reseller = HttpApiGroup.make("reseller")
  .add(
    HttpApiEndpoint.get("customers", "/v1/reseller/customers", { query: listed, success: page }),
    /** A customer, and with a package an account for them, in one go. */
    HttpApiEndpoint.post("makeCustomer", "/v1/reseller/customers", {
      payload: Schema.Struct({
        slug: text(100),
        name: text(1000),
        package: Schema.optionalKey(text(100)),
        /** What the account is called. Left out: as the customer. */
        account: Schema.optionalKey(text(100)),
      }),
      success: Shapes.CustomerDetail.pipe(HttpApiSchema.status(201)),
      error: Problems.Invalid,
    }),
    HttpApiEndpoint.get("customer", "/v1/reseller/customers/:id", {
      params: id,
      success: Shapes.CustomerDetail,
      error: Problems.NotFound,
    }),
    /** All accounts of the customer rest, and come back as they were. */
    HttpApiEndpoint.post("suspend", "/v1/reseller/customers/:id/suspend", {
      params: id,
      payload: Schema.Struct({ reason: Schema.optionalKey(text(1000)) }),
      success: Shapes.CustomerDetail,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }),
    HttpApiEndpoint.post("activate", "/v1/reseller/customers/:id/activate", {
      params: id,
      payload: Schema.Struct({}),
      success: Shapes.CustomerDetail,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }),
    HttpApiEndpoint.get("dashboard", "/v1/reseller/dashboard", { success: Shapes.ResellerDashboard }),
  )
  .annotate(ActsOn, "customers")
  .middleware(Authenticated)
