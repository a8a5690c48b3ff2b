import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { LongestFirst } from "./fixtures/check/longest-first.ts"

// vitest leaves a core to whoever watches; much of a test is waiting, and nobody watches.
const maxWorkers = availableParallelism()

// What a test needs is in its name: `x.test.ts` nothing, `x.pg.test.ts` a Postgres, `x.host.test.ts` a real Debian.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            "**/.plumbline/**",
            "**/*.pg.test.ts",
            "**/*.host.test.ts",
            "**/*.browser.test.ts",
          ],
          maxWorkers,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "postgres",
          include: ["**/*.pg.test.ts"],
          exclude: ["**/node_modules/**", "**/.plumbline/**"],
          globalSetup: ["fixtures/postgres/global-setup.ts"],
          maxWorkers,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "host",
          include: ["fixtures/**/*.host.test.ts"],
          globalSetup: ["fixtures/postgres/global-setup.ts"],
          // Most of a test is waiting for what a host does: two at a time fill two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
