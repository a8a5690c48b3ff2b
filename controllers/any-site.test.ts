import * as fs from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { writtenRecord } from "../spec/arbitrary.ts"
import { SiteSpec } from "../spec/site.ts"
import { node } from "./node.ts"
import { php } from "./php.ts"
import { materialise } from "./samples/materialise.ts"
import { nginxProgram, present, run } from "./samples/programs.ts"
import { aNode, anAccount, aPhp, desired, directoryFacts, renderOf, resourcesOf } from "./samples/records.ts"
import { site } from "./site.ts"

const acme = anAccount("acme")
const pool = aPhp("acme")

const anySite = writtenRecord
  // The engine opens what is sealed before a controller sees it.
  .filter((record) => record.kind === "Site" && !JSON.stringify(record).includes('"sealed"'))
  .map(({ spec }) => ({ ...spec, account: "acme", ...("php" in spec ? { php: "acme" } : {}) }))

describe.skipIf(!present(nginxProgram))("any site that the spec lets through", () => {
  it("is one that nginx takes, beside any others", () => {
    fc.assert(
      fc.property(fc.array(anySite, { minLength: 5, maxLength: 20 }), (specs) => {
        const root = fs.mkdtempSync("/tmp/plumb-any-")
        const facts = {
          ...directoryFacts,
          root,
          phpMail: { program: "/usr/sbin/sendmail", brings: "anywhere" as const },
        }
        try {
          materialise(root, resourcesOf(renderOf(node, aNode(), facts)))
          materialise(root, resourcesOf(renderOf(php, pool, facts, [acme])))
          for (const [index, written] of specs.entries()) {
            // As long as a name may be: variables and zones are named after sites.
            const name = `${"long-".repeat(12)}${index}`
            const record = desired("Site", name, Schema.decodeUnknownSync(SiteSpec)(written))
            materialise(root, resourcesOf(renderOf(site, record, facts, [acme, pool])))
          }
          const { code, said } = run(nginxProgram, "-t", "-c", join(root, "/etc/plumbline/nginx/live/nginx.conf"))
          const complaints = said
            .split("\n")
            .filter((line) => /\[(warn|error|emerg|alert)\]/.test(line) && !line.includes("conflicting server name"))
          expect({ code, complaints }).toEqual({ code: 0, complaints: [] })
        } finally {
          fs.rmSync(root, { recursive: true, force: true })
        }
      }),
      { numRuns: 25 },
    )
  })
})
