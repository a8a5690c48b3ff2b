/** The contract as a collection for Postman (and for what else reads those), converted by Postman's own library. */
import converter from "openapi-to-postmanv2"
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

/** Requests in folders by what they are about; each sends the variable `bearerToken`. */
export const postmanCollection = (contract: Document): Promise<Collection> =>
  new Promise((resolve, reject) => {
    converter.convertV2({ type: "json", data: contract }, { folderStrategy: "Tags" }, (error, converted) => {
      const [first] = converted?.result ? converted.output : []
      if (error !== null || first === undefined) reject(error ?? new Error(converted.reason))
      else resolve(first.data as Collection)
    })
  })
