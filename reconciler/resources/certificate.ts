// A site's certificate with its key, in one file that nginx reads with each handshake. One that was uploaded is written as it
// is. One that is to be ordered is only wished for: the issuer (`acme/`) orders it beside all passes and puts it in the same
// place, and until then there is one that is signed by its own key.
//
// The one thing to know before changing it: an apply that leaves a wish unfulfilled fails with "wait", and is woken by the
// files that the issuer writes. It never waits itself.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { type Pair, pairOfText, uncovered, validUntil } from "../../spec/x509.ts"
import { issuer } from "../acme/issuer.ts"
import { drop } from "../acme/order.ts"
import { isPlaceholder, makePlaceholder } from "../acme/placeholder.ts"
import { renewalOf } from "../acme/renewal.ts"
import { namesKey, type Progress, readProgress, readText, textOf, type Wish, writeWish } from "../acme/wish.ts"
import {
  type FieldDiff,
  type HostKey,
  type Resource,
  ResourceFailure,
  type ResourceType,
} from "../contract/resource.ts"
import type { Stat } from "../host/files.ts"
import { attempt, type HostShape } from "../host/host.ts"
import { setAside } from "../host/kept.ts"
import { orderKeyOf, pairOf, pairsFolder, progressOf, wishOf } from "./certificate-place.ts"
import { attributesDiffer, changed, describe, missing, setAttributes } from "./differences.ts"
import { type Place, pathKey, place } from "./place.ts"
import { goes, isoNow } from "./removal.ts"

export interface CertificateSpec {
  /** Whose group lets nginx's workers in. */
  readonly group: string
  readonly names: ReadonlyArray<string>
  readonly source:
    | { readonly by: "upload"; readonly pair: string }
    | { readonly by: "order"; readonly wish: Wish }
    /** A host that orders none. */
    | { readonly by: "nobody" }
}

/** By the name of its site. */
export const certificate = (site: string, spec: CertificateSpec, where: Place): Resource<CertificateSpec> =>
  place("certificate", site, spec, where)

export interface SeenCertificate {
  readonly site: string
  readonly stat: Stat | undefined
  readonly target: string | undefined
  /** Undefined when the file holds none. */
  readonly pair: Pair | undefined
  readonly wish: string | undefined
  readonly progress: Progress
  readonly nowMillis: number
}

const key = (site: string): HostKey => `certificate:${site}`

const attributes = ({ group }: CertificateSpec) => ({ owner: "root", group, mode: 0o640 })

const day = 86_400_000

export const certificateType: ResourceType<CertificateSpec, SeenCertificate> = {
  kind: "certificate",
  owns: (id) => [key(id), pathKey(pairOf(id))],
  observe: (id) =>
    Effect.flatMap(Clock.currentTimeMillis, (nowMillis) =>
      attempt(({ files }) => {
        const stat = files.stat(pairOf(id))
        const wish = readText(files, wishOf(id))
        if (stat === undefined && wish === undefined) return undefined
        return {
          site: id,
          stat,
          target: stat?.type === "symlink" ? files.readLink(pairOf(id)) : undefined,
          pair: pairOfText(readText(files, pairOf(id)) ?? ""),
          wish,
          progress: readProgress(files, id),
          nowMillis,
        }
      }),
    ),
  diff: (spec, seen) => {
    if (seen?.stat === undefined) return [missing("a pair")]
    if (seen.stat.type !== "file") return changed("type", "file", describe(seen.stat, seen.target))
    return [
      ...attributesDiffer(attributes(spec), seen.stat),
      ...(seen.pair === undefined
        ? changed("content", "a chain and its key", "something else")
        : pairDiffers(spec, seen, seen.pair)),
      ...wishDiffers(spec, seen.wish),
    ]
  },
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      const now = yield* isoNow
      const write = (text: string) =>
        attempt(({ files }) => {
          const there = files.stat(pairOf(id))
          if (there?.type === "directory" && !files.removeDirectory(pairOf(id))) setAside(files, pairOf(id), now)
          files.write(pairOf(id), text, attributes(spec))
        })
      const { source } = spec
      if (source.by === "upload") {
        if (seen?.pair?.text !== source.pair) yield* write(source.pair)
      } else if (seen?.pair === undefined) yield* write(yield* makePlaceholder(spec.names))
      yield* attempt((host) => settle(host, id, spec, seen))
      const left = unfulfilled(spec, seen)
      if (left !== undefined) return yield* left
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      // The wish first: nobody is to order any more what is taken away here.
      yield* attempt(({ files }) => files.remove(wishOf(id)))
      yield* drop(id)
      yield* attempt(({ files }) => {
        for (const path of [progressOf(id), orderKeyOf(id)]) files.remove(path)
        if (files.stat(pairOf(id))?.type !== "directory") files.remove(pairOf(id))
      })
      return []
    }),
  watch: (id) => [pairOf(id), wishOf(id), progressOf(id)],
  survey: Effect.flatMap(Clock.currentTimeMillis, (now) =>
    attempt((host) => {
      const ends = endsOf(host)
      return (id: string) => phaseOf(ends.get(id), now)
    }),
  ),
  tells: (spec, { pair, progress, site, nowMillis }) => {
    if (pair === undefined) return []
    if (spec.source.by === "nobody") return ["It is signed by its own key: this host orders no certificates."]
    const end = validUntil(pair.own)
    const soon = phaseOf(end, nowMillis) === "soon"
    if (spec.source.by === "upload")
      return [`It ends on ${iso(end)}${soon ? ", in less than 30 days: upload the next one" : ""}.`]
    const failure = lastFailure(spec.source.wish, progress)
    return [
      `It ends on ${iso(end)}, and is renewed from ${iso(renewalOf(site, pair.own))} on.`,
      ...(failure === undefined ? [] : [`The renewal failed: ${failure.message}`, ...again(progress)]),
    ]
  },
  warns: ({ source }, { progress }) =>
    source.by === "order" && lastFailure(source.wish, progress) !== undefined ? "RenewalFailed" : undefined,
  tends: issuer,
}

const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

const phaseOf = (end: number | undefined, now: number): string =>
  end === undefined ? "absent" : end <= now ? "ended" : end - now < 30 * day ? "soon" : "sound"

const pairDiffers = (spec: CertificateSpec, seen: SeenCertificate, { own, text }: Pair): ReadonlyArray<FieldDiff> => {
  const { source } = spec
  const ended: ReadonlyArray<FieldDiff> =
    validUntil(own) > seen.nowMillis
      ? []
      : [{ field: "end", want: "in the future", have: iso(validUntil(own)), kind: "runtime" }]
  switch (source.by) {
    case "nobody":
      return uncovered(own, spec.names).length === 0
        ? ended
        : [...ended, ...changed("names", spec.names.join(" "), "others")]
    case "upload":
      return text === source.pair
        ? ended
        : [{ field: "content", want: source.pair, have: text, kind: "changed", secret: true }]
    case "order": {
      const { issued } = seen.progress
      const byOrder = issued?.fingerprint === own.fingerprint256 && issued.directory === source.wish.directory
      const lacking = uncovered(own, spec.names)
      return [
        ...(byOrder
          ? ended
          : [
              {
                field: "issuer",
                want: source.wish.directory,
                have: isPlaceholder(own) ? null : "another",
                kind: "missing" as const,
              },
            ]),
        ...(byOrder && lacking.length > 0
          ? [{ field: "names", want: lacking.join(" "), have: null, kind: "missing" as const }]
          : []),
      ]
    }
  }
}

const wishDiffers = ({ source }: CertificateSpec, have: string | undefined): ReadonlyArray<FieldDiff> => {
  const want = source.by === "order" ? textOf(source.wish) : undefined
  if (want === have) return []
  if (want === undefined) return [{ field: "order", want: "none", have: have ?? null, kind: "extra" }]
  return [{ field: "order", want, have: have ?? null, kind: have === undefined ? "missing" : "changed" }]
}

/** Everything but the pair's text. */
const settle = ({ files }: HostShape, id: string, spec: CertificateSpec, seen: SeenCertificate | undefined): void => {
  const { source } = spec
  if (source.by !== "order") files.remove(wishOf(id))
  else if (seen?.wish !== textOf(source.wish)) writeWish(files, id, source.wish)
  const stat = files.stat(pairOf(id))
  if (stat?.type === "file" && attributesDiffer(attributes(spec), stat).length > 0)
    setAttributes(files, pairOf(id), attributes(spec), stat)
}

/** What an apply cannot bring about: time, and what others have to do. */
const unfulfilled = (spec: CertificateSpec, seen: SeenCertificate | undefined): ResourceFailure | undefined => {
  const { source } = spec
  if (source.by === "upload") {
    const own = pairOfText(source.pair)?.own
    const end = own === undefined ? Number.POSITIVE_INFINITY : validUntil(own)
    return end <= (seen?.nowMillis ?? 0)
      ? new ResourceFailure({
          reason: "CertificateEnded",
          message: `The certificate ended on ${iso(end)}.`,
          mend: "Upload one that is valid.",
          verdict: { kind: "stall" },
        })
      : undefined
  }
  if (source.by === "nobody") return undefined
  if (seen?.pair !== undefined && pairDiffers(spec, seen, seen.pair).length === 0) return undefined
  const progress = seen?.progress
  const failure = progress && lastFailure(source.wish, progress)
  return new ResourceFailure({
    reason: failure?.reason ?? "Ordering",
    message: [
      failure?.message ?? progress?.step ?? "The certificate is being ordered.",
      ...(failure === undefined || progress === undefined ? [] : again(progress)),
    ].join(" "),
    verdict: { kind: "wait", key: key(seen?.site ?? "") },
  })
}

/** The last one of these names, unless it went well since. */
const lastFailure = (wish: Wish, { failures, issued }: Progress) => {
  const last = failures.findLast(({ names }) => names === namesKey(wish.names))
  return last !== undefined && last.atMillis > (issued?.atMillis ?? 0) ? last : undefined
}

const again = ({ retryAtMillis }: Progress): ReadonlyArray<string> =>
  retryAtMillis === undefined ? [] : [`It is tried again at ${iso(retryAtMillis)}.`]

const known = new Map<string, { readonly print: string; readonly end: number | undefined }>()

/** When each certificate ends; what did not change since is not read again. */
const endsOf = ({ files }: HostShape): ReadonlyMap<string, number | undefined> =>
  new Map(
    files.list(pairsFolder).flatMap((name) => {
      if (!name.endsWith(".pem")) return []
      const site = name.slice(0, -".pem".length)
      const print = files.fingerprint(pairOf(site))
      const before = known.get(files.real(pairOf(site)))
      if (before?.print === print) return [[site, before.end] as const]
      const own = pairOfText(readText(files, pairOf(site)) ?? "")?.own
      const end = own && validUntil(own)
      known.set(files.real(pairOf(site)), { print, end })
      return [[site, end] as const]
    }),
  )
