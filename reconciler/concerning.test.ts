// Who concerns whom: a site looks otherwise once it has a certificate, which the site itself does not name.
import { expect, it } from "vitest"
import { kindSchemas } from "./kinds.ts"
import { Records, type Stored } from "./records.ts"

const stored = (kind: string, name: string, spec: unknown, more: Partial<Stored> = {}): Stored => ({
  kind,
  name,
  id: `${kind}-${name}`,
  version: 1,
  generation: 1,
  deleted: false,
  deletionConfirmed: false,
  annotations: {},
  spec: JSON.stringify(spec),
  ...more,
})
const site = stored("Site", "shop", { account: "acme", domains: ["shop.example.org"] })
const certificate = (of: string, more: Partial<Stored> = {}) =>
  stored("Certificate", "first", { site: of, issuer: { acme: {} } }, more)

it("a certificate concerns the site that it names, until it names another or goes", () => {
  const records = new Records(kindSchemas)
  const namesOf = (key: `${string}/${string}`) => records.concerning("Certificate", key).map(({ name }) => name)
  records.put(site)
  expect(namesOf("Site/shop")).toEqual([])
  records.put(certificate("shop"))
  expect(namesOf("Site/shop")).toEqual(["first"])
  expect(records.concernedBy("Certificate/first")).toEqual(["Site/shop"])
  // A reference alone concerns nobody.
  expect(records.concernedBy("Site/shop")).toEqual([])
  expect(records.concerning("Site", "Account/acme")).toEqual([])
  records.put(certificate("other", { version: 2 }))
  expect([namesOf("Site/shop"), namesOf("Site/other")]).toEqual([[], ["first"]])
  records.put(certificate("other", { version: 3, deleted: true }))
  expect(namesOf("Site/other")).toEqual([])
  expect(records.concernedBy("Certificate/first")).toEqual(["Site/other"])
  records.remove("Certificate/first")
  expect(records.concernedBy("Certificate/first")).toEqual([])
})
