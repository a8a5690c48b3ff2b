/** Names of people: whatever they are, as long as they can be shown on one line. */
import { type Flaw, flaw, hiddenFlaw } from "../../spec/grammar.ts"

export const nameFlaw = (name: string): Flaw | undefined => {
  if (!name.isWellFormed()) return flaw("The name holds half a character.", "Type it again.")
  const hidden = hiddenFlaw(name)
  if (hidden !== undefined) return hidden
  const length = [...name.trim()].length
  if (length === 0) return flaw("The name is empty.", "Say what to call this person.")
  return length <= 100 ? undefined : flaw(`The name has ${length} characters.`, "Give it at most 100.")
}
