import { expect, it } from "vitest"
import { changesWhenPrepared, scramVerifier } from "./scram.ts"

it("keeps of a password what RFC 7677's example proves", () => {
  // RFC 7677, section 3, has the proof of the client and the signature of the server for this salt; this is what a server
  // keeps that accepts and gives them.
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64")
  expect(scramVerifier("pencil", salt)).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  )
})

it("knows the passwords that would be others once they are prepared", () => {
  for (const password of ["it's `quoted` % \\", "p\u00e4ssw\u00f6rd", "\u65e5\u672c\u8a9e", "\u{1f511}key"])
    expect(changesWhenPrepared(password)).toBe(false)
  for (const password of ["two\u00a0words", "soft\u00adhyphen", "\ufb01sh", "\uff21", "a\u0308", "zero\u200bwidth"])
    expect(changesWhenPrepared(password)).toBe(true)
})
