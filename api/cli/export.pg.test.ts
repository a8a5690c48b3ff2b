// An export is what a host is built from again: none of it may be missing, however much it is and whoever reads it.
import { afterAll, beforeAll, expect, it } from "vitest"
import { parseAllDocuments, stringify } from "yaml"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { type WithApi, withApi } from "./harness.ts"

const records = Array.from({ length: 300 }, (_, index) => ({
  apiVersion: "plumbline.dev/v1",
  kind: "Package",
  metadata: { name: `p-${index}`, annotations: { "example.org/note": "a word ".repeat(140) } },
  spec: {},
}))

let api: WithApi
beforeAll(async () => {
  api = await withApi(await testDatabase())
  const text = records.map((record) => stringify(record)).join("---\n")
  expect((await api.plumb(["apply", "-f", "-"], { stdin: text })).code).toBe(0)
})
afterAll(() => api.close())

it("goes through a pipe whole, which holds far less than it", async () => {
  const { code, stdout } = await api.plumb(["export"])
  expect(code).toBe(0)
  expect(stdout.length).toBeGreaterThan(4 * 65_536)
  expect(parseAllDocuments(stdout).map((one) => one.toJS().metadata.name)).toEqual(
    records.map(({ metadata }) => metadata.name).toSorted(),
  )
})

it("ends without a word when its reader has read enough", async () => {
  const child = api.start(["export"])
  let said = ""
  child.stderr.on("data", (part) => {
    said += part
  })
  await new Promise((resolve) => child.stdout.once("data", resolve))
  child.stdout.destroy()
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0)
  expect(said).toBe("")
})
