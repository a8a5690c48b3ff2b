/**
 * The contract as it was released last, and as it is. Written anew by `node api/openapi/release.main.ts`, which is part of a
 * release and of nothing else: in between, whatever breaks programs fails the tests.
 */
import { readFileSync, writeFileSync } from "node:fs"
import * as OpenApi from "effect/http-api/OpenApi"
import { Api } from "../contract.ts"
import type { Document } from "./breaking.ts"

const file = new URL("./released.json", import.meta.url)

export const contract = (): Document => JSON.parse(JSON.stringify(OpenApi.fromApi(Api)))

export const released = (): Document => JSON.parse(readFileSync(file, "utf8"))

export const release = (): void => writeFileSync(file, `${JSON.stringify(contract())}\n`)
