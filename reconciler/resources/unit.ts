import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface UnitSpec {
  /** Started at boot. The unit's file (or its template's) needs an [Install] section. */
  readonly enabled: boolean
  readonly active: boolean
}

/** A unit of systemd by its full, escaped name (see unit-name.ts). Its start is activated without further asking. */
export const unit = (name: string, spec: UnitSpec, where: Place): Resource<UnitSpec> =>
  place("unit", name, spec, where, spec.active ? [{ kind: "unit", name, action: "start" }] : [])
