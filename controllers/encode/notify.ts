/**
 * Whom the agent tells when a run fails, as the file that it reads then (`Recipients` in reconciler/notices/notice.ts).
 *
 * The one thing to know before changing it: what stands here was looked at when it was written, and is looked at again.
 */
import type { OnFailure } from "../../spec/on-failure.ts"
import { plainOf } from "../../spec/secret.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

const address = (text: string): string =>
  shaped("an address of mail", text, /^[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9.-]+$/, "Use one plain address.")

const url = (text: string): string =>
  shaped("the address of a webhook", text, /^https?:\/\/[!-~]+$/, "Use an address of the web.")

const key = (text: string): string => {
  if (typeof text === "string" && /^[!-~]{16,200}$/.test(text)) return text
  throw new UnsafeValue("a secret", "What was given", "Use 16 to 200 letters, digits and signs without a space.")
}

export const notifyFile = ({ mail, webhook }: OnFailure): string =>
  `${JSON.stringify({
    ...(mail === undefined ? {} : { mail: mail.map(address) }),
    ...(webhook === undefined ? {} : { webhook: { url: url(webhook.url), secret: key(plainOf(webhook.secret)) } }),
  })}\n`
