#!/usr/bin/env node
// The `plumb` program. It only sees to a quick start: what Node has compiled once is kept beside the packages (not in /tmp,
// where somebody else could put code for root to run), and everything else is in `run.ts`.

import { enableCompileCache } from "node:module"
import { fileURLToPath } from "node:url"

enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/node", import.meta.url)))
await import("./run.ts")
