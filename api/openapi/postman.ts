/** The contract as a collection for Postman (and for what else reads those), converted by Postman's own library. */
import { createRequire } from "node:module"
import type { Document } from "./breaking.ts"

export interface Item {
  readonly name: string
  readonly item?: ReadonlyArray<Item>
  readonly request?: { readonly method: string; readonly url: { readonly path: ReadonlyArray<string> } }
}

export interface Collection {
  readonly info: { readonly name: string; readonly schema: string }
  readonly item: ReadonlyArray<Item>
  readonly variable?: ReadonlyArray<{ readonly key: string; readonly value: string }>
}

interface Converted {
  readonly result: boolean
  readonly reason?: string
  readonly output: ReadonlyArray<{ readonly data: Collection }>
}

interface Converter {
  readonly convertV2: (
    from: { readonly type: "json"; readonly data: unknown },
    options: object,
    done: (error: Error | null, converted: Converted) => void,
  ) => void
}

// It has no types of its own, and is in CommonJS.
const converter: Converter = createRequire(import.meta.url)("openapi-to-postmanv2")

/** Requests in folders by what they are about; each sends the variable `bearerToken`. */
export const postmanCollection = (contract: Document): Promise<Collection> =>
  new Promise((resolve, reject) => {
    converter.convertV2({ type: "json", data: contract }, { folderStrategy: "Tags" }, (error, converted) => {
      const [first] = converted?.result ? converted.output : []
      if (error !== null || first === undefined) reject(error ?? new Error(converted.reason))
      else resolve(first.data)
    })
  })
