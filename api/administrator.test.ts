import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { adminToken } from "./administrator.ts"

const tokenPath = (folder: string) => join(folder, "admin.token")

const home = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "plumb-home-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

describe("the administrator's token", () => {
  it.effect("is made once, of 256 bits, for its owner's eyes", () =>
    Effect.gen(function* () {
      const folder = join(yield* home, "deep", "home")
      const tokens = yield* Effect.all([adminToken(folder), adminToken(folder)], { concurrency: "unbounded" })
      const [one, two] = tokens.map((token) => Redacted.value(token))
      assert.strictEqual(one, two)
      assert.strictEqual(Buffer.from(one ?? "", "base64url").length, 32)
      chmodSync(tokenPath(folder), 0o644)
      yield* adminToken(folder)
      assert.strictEqual(statSync(tokenPath(folder)).mode & 0o777, 0o600)
      assert.notInclude(String(tokens[0]), String(one))
    }),
  )

  it.effect("an empty or damaged file is refused with words, not taken for a token", () =>
    Effect.gen(function* () {
      const folder = yield* home
      for (const text of ["", "\n", "short", `${"x".repeat(43)} y`]) {
        writeFileSync(tokenPath(folder), text)
        const error = yield* Effect.flip(adminToken(folder))
        assert.match(error.message, /remove it to get a new one/)
      }
    }),
  )

  it.effect("a link that leads nowhere is not followed when the token is written", () =>
    Effect.gen(function* () {
      const folder = yield* home
      symlinkSync(join(folder, "elsewhere"), tokenPath(folder))
      yield* Effect.flip(adminToken(folder))
      assert.isFalse(existsSync(join(folder, "elsewhere")))
    }),
  )
})
