// A mail by the host's sendmail, which takes whom it is for from the headers (-t) and no dot for its end (-i).
//
// The one thing to know before changing it: what a tenant's program wrote stands in the body alone, and that is base64.
// RFC 5322, RFC 2045, RFC 3834.

import * as Effect from "effect/Effect"
import { execa } from "execa"
import { NotTaken } from "./webhook.ts"

const sendmail = "/usr/sbin/sendmail"

export interface Mail {
  readonly to: ReadonlyArray<string>
  readonly subject: string
  readonly text: string
}

/** A header cannot end early, whatever is in it. RFC 2047 says how other letters than ASCII's stand in one. */
const header = (name: string, value: string): string => {
  const line = value.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
  const plain = /^[ -~]*$/.test(line) && line.length <= 900
  return `${name}: ${plain ? line : encodedWords(line)}`
}

const encodedWords = (text: string): string => {
  const words: Array<string> = []
  let word = ""
  for (const character of text) {
    if (Buffer.byteLength(word + character) > 42) {
      words.push(word)
      word = ""
    }
    word += character
  }
  return [...words, word].map((each) => `=?utf-8?B?${Buffer.from(each).toString("base64")}?=`).join("\n ")
}

export const messageOf = ({ subject, text, to }: Mail): string => {
  const body = Buffer.from(text).toString("base64").replaceAll(/.{76}/g, "$&\n")
  return [
    header("To", to.join(", ")),
    header("Subject", subject),
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    `${body}\n`,
  ].join("\n")
}

export const send = (mail: Mail): Effect.Effect<void, NotTaken> =>
  Effect.tryPromise({
    try: (signal) =>
      execa(sendmail, ["-t", "-i"], {
        input: messageOf(mail),
        extendEnv: false,
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
        timeout: 60_000,
        cancelSignal: signal,
        maxBuffer: 64 * 1024,
      }),
    catch: (cause) =>
      new NotTaken({
        message: `sendmail: ${cause instanceof Error && "shortMessage" in cause ? cause.shortMessage : cause}`,
      }),
  })
