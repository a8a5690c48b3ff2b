/** Makes the contract of this checkout the one that programs are written for. */
import { release } from "./released.ts"

release()
