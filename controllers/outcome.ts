/**
 * How a controller answers: with resources, or by saying what it waits for or cannot do. `guarded` makes a stalled record of
 * a value that an encoder refused, so that a hostile or damaged record costs nobody but itself.
 *
 * The one thing to know before changing it: whatever is not an `UnsafeValue` is a bug and goes on its way as a defect.
 */
import type { Controller, Desired, RenderContext, Rendered, Rests } from "../reconciler/contract/controller.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { StillSealed } from "../spec/secret.ts"
import { UnsafeValue } from "./encode/unsafe.ts"

export const resources = (
  list: ReadonlyArray<Resource>,
  rests?: Rests,
  notices: ReadonlyArray<string> = [],
): Rendered => ({
  outcome: "resources",
  resources: list,
  ...(rests === undefined ? {} : { rests }),
  ...(notices.length === 0 ? {} : { notices }),
})

export const waiting = (kind: string, name: string, message: string): Rendered => ({
  outcome: "waiting",
  kind,
  name,
  message,
})

export const stalled = (reason: string, message: string, mend: string): Rendered => ({
  outcome: "stalled",
  reason,
  message,
  mend,
})

export const guarded = <Spec>(
  kind: string,
  render: (record: Desired<Spec>, context: RenderContext) => Rendered,
): Controller<Spec> => ({
  kind,
  render: (record, context) => {
    try {
      return render(record, context)
    } catch (error) {
      // The engine has said so before, with a mend, where it is of this record.
      if (error instanceof StillSealed)
        return stalled("SecretUnreadable", error.message, "Bring the secrets back: plumb apply --secrets.")
      if (error instanceof UnsafeValue) return stalled("UnsafeValue", error.message, error.mend)
      throw error
    }
  },
})
