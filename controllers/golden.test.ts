import * as fs from "node:fs"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import type { Rendered } from "../reconciler/contract/controller.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { materialise } from "./samples/materialise.ts"
import { freePort, nginxProgram, present, run } from "./samples/programs.ts"
import { directoryFacts, liveFacts, renderSamples, resourcesOf } from "./samples/records.ts"

const show = (resource: Resource): string => {
  const { content, ...rest } = { content: undefined, ...(resource.spec as object) }
  const lines = [
    `${resource.kind} ${resource.id}`,
    `  spec: ${JSON.stringify(rest, (key, value) => (key === "mode" ? `0${value.toString(8)}` : value))}`,
    ...(resource.after.length === 0 ? [] : [`  after: ${resource.after.join(" ")}`]),
    `  on delete: ${resource.onDelete}; fields: ${resource.fields.join(" ")}`,
    ...(resource.activates.length === 0 ? [] : [`  activates: ${JSON.stringify(resource.activates)}`]),
    ...(content === undefined
      ? []
      : String(content)
          .trimEnd()
          .split("\n")
          .map((line) => `  | ${line}`.trimEnd())),
  ]
  return lines.join("\n")
}

const page = (rendered: Rendered): string =>
  rendered.outcome === "resources"
    ? `${rendered.resources.map(show).join("\n\n")}\n`
    : `${JSON.stringify(rendered, null, 2)}\n`

for (const facts of [liveFacts, directoryFacts])
  describe(`the sample records on a ${facts.host} host`, () => {
    for (const [record, rendered] of renderSamples(facts))
      it(`${record} gives the resources in its golden file`, async () => {
        await expect(page(rendered)).toMatchFileSnapshot(`golden/${facts.host}/${record.replace("/", "-")}.txt`)
      })

    it("give the same bytes when they are rendered again", () => {
      expect(renderSamples(facts)).toEqual(renderSamples(facts))
    })

    it("claim every path, user and unit once", () => {
      const ids = renderSamples(facts).flatMap(([, rendered]) =>
        rendered.outcome === "resources" ? rendered.resources.map(({ id, kind }) => `${kind} ${id}`) : [],
      )
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    })

    it.skipIf(!present(nginxProgram))("are accepted by nginx -t", async () => {
      const root = fs.mkdtempSync("/tmp/plumb-golden-")
      try {
        const ipv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1"))
        const ports = { port: await freePort(), https: await freePort() }
        const http = { ...facts.http, ...ports, ipv6: ipv6 ? facts.http.ipv6 : null }
        for (const [, rendered] of renderSamples({ ...facts, root, http })) materialise(root, resourcesOf(rendered))
        const { code, said } = run(nginxProgram, "-t", "-c", join(root, "/etc/plumbline/nginx/live/nginx.conf"))
        expect({ code, said }).toMatchObject({ code: 0 })
        // The test has no privileges, and nginx says that it therefore passes over `user`.
        const complaints = said.split("\n").filter((line) => /\[(warn|error|emerg|alert)\]/.test(line))
        expect(complaints.filter((line) => !line.includes('the "user" directive'))).toEqual([])
      } finally {
        fs.rmSync(root, { recursive: true, force: true })
      }
    })
  })
