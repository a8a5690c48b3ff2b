/**
 * Who is told when a run fails: people by mail, programs by a signed request.
 *
 * The one thing to know before changing it: an address of mail stands in a header, and a URL is fetched by the host. Both
 * grammars are narrower than their standards; where a request may go is the host's to say (`public-address.ts`).
 */
import * as Schema from "effect/Schema"
import { explained, flaw, hiddenFlaw, rule, show } from "./grammar.ts"
import { hostFlaw } from "./network.ts"
import { type SecretPlace, secret } from "./secret.ts"

const mailbox = /^[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?$/
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

const isAddress = (text: string): boolean => {
  const [local = "", domain = "", ...more] = text.split("@")
  const labels = domain.split(".")
  return (
    more.length === 0 &&
    mailbox.test(local) &&
    !local.includes("..") &&
    domain.length <= 253 &&
    labels.length > 1 &&
    labels.every((one) => label.test(one))
  )
}

export const MailAddress = Schema.String.annotate({ examples: ["ada@example.org"] })
  .check(
    rule<string>(
      (text) =>
        hiddenFlaw(text) ??
        (isAddress(text)
          ? undefined
          : flaw(`${show(text)} is no address of mail.`, "Write one plain address, such as ada@example.org.")),
      { pattern: "^[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9.-]+$", maxLength: 320 },
    ),
  )
  .pipe(Schema.brand("MailAddress"))

/** What is wrong with an address that requests are sent to. */
export const urlFlaw = (text: string) => {
  const mend = "Write it as https://hooks.example.org/path."
  if (!/^https?:\/\/[!-~]+$/.test(text) || /["<>\\^`{|}]/.test(text) || !URL.canParse(text))
    return flaw(`${show(text)} is no address of the web.`, mend)
  const url = new URL(text)
  if (text.length > 1000) return flaw("The address has over 1000 characters.", mend)
  if (url.username !== "" || url.password !== "")
    return flaw("The address has a name or a password in it.", "Leave them out: requests are signed.")
  return url.hash === "" ? hostFlaw(text) : flaw("The address has a fragment.", "Leave out what begins with #.")
}

export const WebhookUrl = Schema.String.annotate({ examples: ["https://hooks.example.org/cron"] })
  .check(rule<string>(urlFlaw, { pattern: "^https?://[!-~]+$", maxLength: 1000 }))
  .pipe(Schema.brand("WebhookUrl"))

/** Its value is not repeated in a message. */
export const WebhookSecret = Schema.String.check(
  rule<string>(
    (text) =>
      /^[!-~]{16,200}$/.test(text)
        ? undefined
        : flaw("This is no secret for signatures.", "Use 16 to 200 letters, digits and signs without a space."),
    { minLength: 16, maxLength: 200 },
  ),
).pipe(Schema.brand("WebhookSecret"))

export const OnFailure = Schema.Struct({
  mail: Schema.optionalKey(
    Schema.Array(MailAddress)
      .check(
        rule<ReadonlyArray<string>>(
          (list) =>
            list.length >= 1 && list.length <= 10
              ? undefined
              : flaw(`There are ${list.length} addresses.`, "Give 1 to 10, or leave mail out."),
          { minItems: 1, maxItems: 10 },
        ),
      )
      .pipe(explained("Who is sent a mail.")),
  ),
  webhook: Schema.optionalKey(
    Schema.Struct({
      url: WebhookUrl.pipe(explained("What is sent a POST.")),
      secret: secret(WebhookSecret).pipe(
        explained("The key of its signature (HMAC-SHA256, as standardwebhooks.com says)."),
      ),
    }).pipe(explained("A program that is told by a signed request.")),
  ),
})
export type OnFailure = typeof OnFailure.Type

/** The secrets of a spec that has one under `onFailure`. */
export const secretsOnFailure = ({ onFailure }: { readonly onFailure?: OnFailure }): ReadonlyArray<SecretPlace> =>
  onFailure?.webhook === undefined ? [] : [{ path: ["onFailure", "webhook", "secret"], label: "webhook" }]
