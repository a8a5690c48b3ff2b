import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { examine } from "./examine.ts"

const mistakesOf = (kind: string, spec: object): ReadonlyArray<string> => {
  const result = examine({ apiVersion: "plumbline.dev/v1", kind, metadata: { name: "acme" }, spec })
  if (Result.isSuccess(result)) return []
  return result.failure.map(({ field, mend, message }) => `${field}: ${message} ${mend}`)
}

const local = { path: "/var/backups/acme" }
const s3 = { endpoint: "https://fsn1.example.org", bucket: "acme", accessKey: "key", secretKey: "secret" }

describe("one of several groups of fields", () => {
  const repository = (value: unknown) => mistakesOf("BackupPolicy", { account: "acme", repository: value })

  it.each([
    ["a mistake inside", { local: { path: "/etc" } }, [/^spec\.repository\.local\.path: /]],
    ["an empty field inside", { s3: { ...s3, bucket: "" } }, [/^spec\.repository\.s3\.bucket: /]],
    [
      "an unknown field inside",
      { local: { ...local, mode: "x" } },
      [/^spec\.repository\.local\.mode: There is no field/],
    ],
    ["none", {}, [/^spec\.repository: local.* or s.* is missing\. Add one of /]],
    ["two", { local, s3 }, [/^spec\.repository: local and s3 exclude each other\. Keep one of them\.$/]],
    ["one and something else", { local, note: "x" }, [/^spec\.repository\.note: There is no field "note" here\./]],
    ["a slip", { locl: local }, [/^spec\.repository\.locl: .* Did you mean local\?$/]],
    ["something else", { tape: {} }, [/^spec\.repository: local.* is missing\./]],
    ["a list", [local], [/^spec\.repository: /]],
    ["a word", "local", [/^spec\.repository: /]],
  ])("with %s is told of the one that is meant", (_, value, wanted) => {
    const found = repository(value)
    expect(found).toHaveLength(wanted.length)
    for (const [index, pattern] of wanted.entries()) expect(found[index]).toMatch(pattern)
  })

  it("is told of the group where a word could stand too", () => {
    const challenge = (value: unknown) =>
      mistakesOf("Certificate", { site: "shop", issuer: { acme: { challenge: value } } })
    expect(challenge({ dns01: "../hook" })).toEqual([expect.stringMatching(/^spec\.issuer\.acme\.challenge\.dns01: /)])
    expect(challenge({ dns1: "hook" })).toEqual([expect.stringContaining("Did you mean dns01?")])
    expect(challenge("http-02")).toEqual([expect.stringMatching(/^spec\.issuer\.acme\.challenge: .*http-01/)])
  })
})
