import { expect, it } from "vitest"
import { reasonOf } from "./sftp.ts"

const server = { host: "sftp.example.org", port: 23, user: "u1" }

it.each([
  [
    "No ED25519 host key is known for repository and you have requested strict checking.\nHost key verification failed.",
    "another key",
  ],
  ["u1@sftp.example.org: Permission denied (publickey,password).", "does not let u1 in"],
  ["subsystem request failed on channel 0", "has no SFTP"],
  ["ssh: connect to host sftp.example.org port 23: Connection refused", "cannot be reached at port 23"],
  ["ssh: Could not resolve hostname sftp.example.org: Name or service not known", "cannot be reached at port 23"],
  ["client_loop: send disconnect: Broken pipe\r\n", "broke off: client_loop: send disconnect: Broken pipe"],
  ["", "broke off: without a word"],
])("what ssh says is told in words of the record: %s", (words, told) => {
  expect(reasonOf(words, server).message).toContain(told)
})
