/** How mail leaves. */
import * as Schema from "effect/Schema"

export const EmailSettingsStored = Schema.Struct({
  host: Schema.String.check(Schema.isMaxLength(253)),
  port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })),
  /** `tls` from the first byte on (465), `starttls` and nothing without it (587), or `none`. */
  security: Schema.Literals(["tls", "starttls", "none"]),
  user: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(320))),
  from: Schema.String.check(Schema.isMaxLength(254)),
  senderName: Schema.String.check(Schema.isMaxLength(100)),
  /** Where links lead: `https://panel.example.org`. */
  portal: Schema.String.check(Schema.isMaxLength(300)),
})
export type EmailSettingsStored = typeof EmailSettingsStored.Type

export const EmailSettings = Schema.Struct({ ...EmailSettingsStored.fields, hasPassword: Schema.Boolean })
export type EmailSettings = typeof EmailSettings.Type
