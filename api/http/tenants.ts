/** /v1/resellers and /v1/customers */
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import * as Tenants from "../tenancy/tenants.ts"
import { answerActor } from "./answer-actor.ts"

export const resellersLayer = HttpApiBuilder.group(Api, "resellers", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Tenants.list("reseller", query)))
    .handle("make", ({ payload }) => answerActor(Tenants.make("reseller", payload)))
    .handle("read", ({ params }) => answerActor(Tenants.read("reseller", params.id)))
    .handle("change", ({ params, payload }) => answerActor(Tenants.change("reseller", params.id, payload)))
    .handle("remove", ({ params }) => answerActor(Tenants.remove("reseller", params.id))),
)

export const customersLayer = HttpApiBuilder.group(Api, "customers", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Tenants.list("customer", query)))
    .handle("make", ({ payload }) => answerActor(Tenants.make("customer", payload)))
    .handle("read", ({ params }) => answerActor(Tenants.read("customer", params.id)))
    .handle("change", ({ params, payload }) => answerActor(Tenants.change("customer", params.id, payload)))
    .handle("remove", ({ params }) => answerActor(Tenants.remove("customer", params.id))),
)
