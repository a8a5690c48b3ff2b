/** Prints the contract as a collection for Postman. */
import { postmanCollection } from "./postman.ts"
import { contract } from "./released.ts"

process.stdout.write(`${JSON.stringify(await postmanCollection(contract()), null, 2)}\n`)
