import { statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ada } from "../../fixtures/api/people.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { type WithApi, withApi } from "./harness.ts"

describe("plumb and people", () => {
  let the: WithApi

  beforeAll(async () => {
    the = await withApi(await testDatabase())
  })
  afterAll(() => the.close())

  const post = async (path: string, sent: object, headers: Record<string, string> = {}) => {
    const response = await fetch(the.url + path, {
      method: "POST",
      body: JSON.stringify(sent),
      headers: { "content-type": "application/json", ...headers },
    })
    // biome-ignore lint/suspicious/noExplicitAny: what a test looks into is what it asserts.
    const body: any = await response.json()
    return { status: response.status, body }
  }
  const { email, password } = ada

  it("first-run shows a token that makes the first administrator, and says so when there is one", async () => {
    const shown = await the.plumb(["first-run"])
    expect(shown.code).toBe(0)
    const token = shown.stdout.trim()
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(shown.stderr).toContain("POST /auth/first-run")
    expect((await post("/auth/first-run", { ...ada, token })).status).toBe(201)
    const again = await the.plumb(["first-run"])
    expect(again.code).toBe(2)
    expect(again.stderr).toContain("There is an administrator already.")
    expect(the.log()).not.toContain(token)
    expect(statSync(join(the.home, "api.key")).mode & 0o777).toBe(0o600)
  })

  it("takes the token of a user, which says who wrote", async () => {
    const { accessToken } = (await post("/auth/login", { email, password })).body
    const wish = { password, name: "laptop", scopes: ["records:read", "records:write", "history:read"], validFor: 1 }
    const { token } = (await post("/v1/tokens", wish, { authorization: `Bearer ${accessToken}` })).body
    const env = { PLUMB_TOKEN: token }
    const file = the.write(
      "acme.yaml",
      "apiVersion: plumbline.dev/v1\nkind: Account\nmetadata:\n  name: acme\nspec: {}\n",
    )
    expect(await the.plumb(["apply", "-f", file], { env })).toMatchObject({ code: 0 })
    expect((await the.plumb(["history", "account", "acme"], { env })).stdout).toContain("ada@example.org, token laptop")
    const refused = await the.plumb(["audit"], { env })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain("This token does not have the scope audit:read.")
  })

  it("audit tells what was done, and by whom", async () => {
    await post("/auth/login", { email, password: "wrong" })
    const { code, stdout } = await the.plumb(["audit"])
    expect(code).toBe(0)
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(/^\d{4}-.*Z {2}login failed {2}ada@example.org {2}from 127.0.0.1$/),
      expect.stringContaining("records.written succeeded  ada@example.org, token laptop Account/acme  from 127.0.0.1"),
      expect.stringContaining("token.made succeeded  ada@example.org Token/"),
      expect.stringContaining("login succeeded  ada@example.org"),
      expect.stringContaining("first-run.redeemed succeeded  ada@example.org User/"),
      expect.stringContaining("first-run.offered succeeded  admin"),
    ])
    const failed = await the.plumb(["audit", "--outcome", "failed", "-o", "json"])
    expect(JSON.parse(failed.stdout)).toMatchObject([{ action: "login", outcome: "failed" }])
    expect((await the.plumb(["audit", "--actor", "eve@example.org"])).stdout.trim()).toBe("nothing happened that fits")
    expect((await the.plumb(["audit", "--action", "nothing"])).code).toBe(2)
    expect((await the.plumb(["verify"])).code).toBe(0)
  })
})
