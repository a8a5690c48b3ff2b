import { assert, it } from "@effect/vitest"
import { type Item, postmanCollection } from "./postman.ts"
import { contract } from "./released.ts"

const requests = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  items.flatMap(({ item, request }) => [
    ...(item === undefined ? [] : requests(item)),
    ...(request === undefined ? [] : [`${request.method} /${request.url.path.join("/")}`]),
  ])

it("the collection for Postman has each operation of the contract, and asks where one says", async () => {
  const document = contract()
  const collection = await postmanCollection(document)
  const wanted = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  )
  assert.sameMembers([...requests(collection.item)], wanted)
  assert.deepInclude(collection.info, { name: "Plumbline" })
  assert.match(collection.info.schema, /collection\/v2\.1\.0/)
  assert.include(JSON.stringify(collection), "{{bearerToken}}")
})
