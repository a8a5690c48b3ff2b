/**
 * Scripts of perl(1), which every Debian has. They are literal text of ours: no value stands in one.
 */
import { template } from "./text.ts"

export const perl = template("perl")
