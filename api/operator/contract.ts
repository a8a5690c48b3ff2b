/** What whoever runs the installation sees first, as a part of the contract. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { Authenticated } from "../identity/actor.ts"
import * as Shapes from "../shapes.ts"

export const figures = HttpApiGroup.make("figures")
  .add(HttpApiEndpoint.get("overview", "/v1/dashboard/metrics", { success: Shapes.OperatorDashboard }))
  .middleware(Authenticated)
