// Something to do on the first start: the demo is applied when there is no record at all, and never again, so that what a
// person made of it stays. Then, on every start, waits until the host is as the records say.

import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { applyFiles } from "../cli/apply.ts"
import { summaryLine } from "../cli/changes.ts"
import { ask } from "../cli/client.ts"
import { listRecords } from "../cli/get.ts"
import { waitFor } from "../cli/wait.ts"

const demoFolder = fileURLToPath(new URL("../../fixtures/demo", import.meta.url))

export const settle = (demo: boolean, say: (text: string) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const some = (deleted: "true" | "false") =>
      Effect.map(
        ask((api) => api.records.list({ query: { limit: 1, deleted } })),
        ({ items }) => items.length > 0,
      )
    if (demo && !(yield* some("false")) && !(yield* some("true"))) {
      const applied = yield* applyFiles({ files: [demoFolder] })
      yield* say(`applied the demo (fixtures/demo): ${summaryLine(applied)}`)
    }
    const records = yield* listRecords()
    if (records.length === 0) return
    yield* say("waiting until the host is as the records say")
    yield* waitFor(
      records.map((record) => ({
        kind: record.kind,
        name: record.metadata.name,
        generation: record.generation,
        version: record.version,
        action: "unchanged",
        fields: [],
      })),
      "1m",
    ).pipe(Effect.catchTag("NotSo", (notSo) => say(`not everything is: ${notSo.message || "see above"}; going on`)))
  })
