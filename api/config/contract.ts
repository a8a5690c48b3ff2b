/** What is set for the whole installation, as a part of the contract. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Authenticated } from "../identity/actor.ts"
import * as Problems from "../problems.ts"
import * as Shapes from "../shapes.ts"
import * as Config from "./shapes.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const secret = (most: number) => Schema.RedactedFromValue(text(most))
/** What is left out is as it is when nobody has set it. */
const partly = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct(fields).mapFields(Struct.map(Schema.optionalKey))

export const config = HttpApiGroup.make("config")
  .add(
    /** Null while nobody has set it. */
    HttpApiEndpoint.get("email", "/v1/config/email", { success: Schema.NullOr(Shapes.EmailSettings) }),
    HttpApiEndpoint.put("setEmail", "/v1/config/email", {
      /** A password that is left out or empty stays; null takes it away. */
      payload: Schema.Struct({
        ...Shapes.EmailSettingsStored.fields,
        password: Schema.optionalKey(Schema.NullOr(secret(1000))),
      }),
      success: Shapes.EmailSettings,
      error: Problems.Invalid,
    }),
    /** Sends one mail at once, and says what the server said. */
    HttpApiEndpoint.post("testEmail", "/v1/config/email/test", {
      payload: Schema.Struct({ to: text(1000) }),
      success: HttpApiSchema.NoContent,
      error: [Problems.Invalid, Problems.MailRefused],
    }),
    HttpApiEndpoint.get("security", "/v1/config/security", { success: Config.SecuritySettings }),
    HttpApiEndpoint.put("setSecurity", "/v1/config/security", {
      payload: partly(Config.SecuritySettings.fields),
      success: Config.SecuritySettings,
      error: Problems.Invalid,
    }),
    HttpApiEndpoint.get("billing", "/v1/config/billing", { success: Config.BillingSettings }),
    HttpApiEndpoint.put("setBilling", "/v1/config/billing", {
      payload: partly(Config.BillingSettings.fields),
      success: Config.BillingSettings,
      error: Problems.Invalid,
    }),
  )
  .middleware(Authenticated)
