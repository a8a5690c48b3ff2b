/** /v1/dashboard/metrics */
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import { overview } from "../operator/overview.ts"
import { answerActor } from "./answer-actor.ts"

export const layer = HttpApiBuilder.group(Api, "figures", (handlers) =>
  handlers.handle("overview", () => answerActor(overview)),
)
