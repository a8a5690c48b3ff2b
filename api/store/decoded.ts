/**
 * Stored documents as the rules read them. What a record was when it was last looked at is remembered: to decode it takes longer
 * than all else that is done with it, and most are looked at again and again as they are.
 *
 * The one thing to know before changing it: what is remembered is given only for the same document, whoever wrote it and however.
 */
import { isDeepStrictEqual } from "node:util"
import * as Result from "effect/Result"
import { decodeEnvelope, type Envelope, secretsOf } from "../../spec/kinds.ts"
import { documentOf, keyOf, type Wanted } from "./plan.ts"

type Document = Pick<Wanted, "kind" | "name" | "metadata" | "spec">

interface Remembered {
  readonly document: Document
  readonly envelope: Envelope
}

/** So many records, of so many characters each: a few tens of megabytes. */
const most = 4000
const longest = 4096

const known = new Map<string, Remembered>()

/** `envelope` is what the document decodes to. */
export const remember = ({ kind, name, metadata, spec }: Document, envelope: Envelope): void => {
  const key = keyOf({ kind, name })
  known.delete(key)
  // What may be secret in it is not kept for longer than it takes.
  if (secretsOf(envelope).length > 0 || JSON.stringify([metadata, spec]).length > longest) return
  for (const oldest of known.keys()) {
    if (known.size < most) break
    known.delete(oldest)
  }
  known.set(key, { document: { kind, name, metadata, spec }, envelope })
}

/** What it was when it was last looked at, which it may not be any more. */
export const lastSeen = (key: Pick<Document, "kind" | "name">): Envelope | undefined => known.get(keyOf(key))?.envelope

/** Nothing where it does not decode: a record of a newer Plumbline takes part in no rule and stops nobody. */
export const decoded = (record: Document): ReadonlyArray<Envelope> => {
  const before = known.get(keyOf(record))
  if (
    before !== undefined &&
    isDeepStrictEqual(before.document.spec, record.spec) &&
    isDeepStrictEqual(before.document.metadata, record.metadata)
  )
    return [before.envelope]
  const envelope = decodeEnvelope(documentOf(record))
  if (Result.isFailure(envelope)) return []
  remember(record, envelope.success)
  return [envelope.success]
}
