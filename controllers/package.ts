/**
 * Package: nothing of its own on a host. Its accounts are rendered with its limits, and again when it changes.
 */
import type { PackageSpec } from "../spec/package.ts"
import { guarded, resources } from "./outcome.ts"

export const aPackage = guarded<PackageSpec>("Package", () => resources([]))
