// One order, from wherever it stands to the pair in its place. Each step is read from the server and not remembered: what is
// stored is only what nobody else knows (the order's URL, the key, what has to be cleaned up), and always before it is used.
// So a crash between any two steps, or in one, goes on with the same order. And each write looks first whether the wish still
// stands: a record may go at any moment, and an order that is under way leaves nothing behind it.
//
// The one thing to know before changing it: tokens and texts come from a server that somebody named in a record. They become
// names of files only after they were checked.

import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { certificatesOf, pairText, uncovered } from "../../spec/x509.ts"
import { ResourceFailure } from "../contract/resource.ts"
import { change as run, said } from "../host/command.ts"
import type { Files } from "../host/files.ts"
import { attempt } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { hooksFolder } from "../host/state-folders.ts"
import { challenges, orderKeyOf, pairOf } from "../resources/certificate-place.ts"
import { client as clientOf, countOrder } from "./accounts.ts"
import { type Authorization, type Challenge, type Client, makeKey, type Order } from "./client.ts"
import { AcmeFailure, type Problem, plain, Unwanted, wordsOf } from "./failure.ts"
import { wrongInDns } from "./reasons.ts"
import {
  namesKey,
  type Progress,
  readProgress,
  readText,
  textOf,
  type Wish,
  whileWanted,
  writeProgress,
} from "./wish.ts"

/** Between two looks at what has become of an order, in milliseconds. */
export class Pace extends Context.Reference<number>("plumbline/reconciler/acme/Pace", { defaultValue: () => 500 }) {}

/** Looks in one go: two minutes, as a rule. */
const looks = 240

type UnderWay = NonNullable<Progress["order"]>

/** A key is used for a year: a renewal that changes the certificate alone can never be met half-way. */
const keyLife = 365 * 86_400_000

/** Comes back when the pair is in its place ("issued"), or nobody wants it any more. */
export const pursue = (site: string, wish: Wish) =>
  pursueWhileWanted(site, wish).pipe(
    Effect.as("issued" as const),
    Effect.catchTag("Unwanted", () => Effect.as(drop(site), "unwanted" as const)),
  )

const pursueWhileWanted = Effect.fnUntraced(function* (site: string, wish: Wish) {
  const client = yield* clientOf(wish)
  let order = yield* resume(client, site, wish)
  for (let turn = 0; turn < looks; turn++) {
    yield* whileWanted(site, wish, () => undefined)
    switch (order.status) {
      case "pending":
        yield* prove(client, site, wish, order)
        break
      case "ready":
        yield* note(site, wish, { step: "The names are proved; the certificate is being signed." })
        yield* client.finalize(order, wish.names, yield* keyOf(site))
        break
      case "valid":
        return yield* takeOver(site, wish, yield* client.download(order))
      case "invalid":
        return yield* refused(client, wish, order)
      default:
    }
    if (order.status !== "ready") yield* Effect.sleep(yield* Pace)
    order = yield* client.look(order.url)
  }
  return yield* new AcmeFailure({
    reason: "OrderTakesLong",
    message: "The authority has not answered for two minutes.",
  })
})

const change = (files: Files, site: string, to: (progress: Progress) => Progress) => {
  const before = readProgress(files, site)
  const after = to(before)
  if (textOf(before) !== textOf(after)) writeProgress(files, site, after)
}

const note = (site: string, wish: Wish, more: Partial<Progress>) =>
  whileWanted(site, wish, (files) => change(files, site, (progress) => ({ ...progress, ...more })))

/** What has to be taken away when the order ends, before it is put there: without an order nobody would. */
const changeOrder = (site: string, wish: Wish, to: (order: UnderWay) => UnderWay) =>
  Effect.flatMap(
    whileWanted(site, wish, (files) => {
      const { order } = readProgress(files, site)
      if (order !== undefined) change(files, site, (progress) => ({ ...progress, order: to(order) }))
      return order !== undefined
    }),
    (isThere) => (isThere ? Effect.void : Effect.fail(new Unwanted())),
  )

/** The order that is under way, or a new one. */
const resume = Effect.fnUntraced(function* (client: Client, site: string, wish: Wish) {
  const { order } = yield* attempt(({ files }) => readProgress(files, site))
  if (order !== undefined && order.directory === wish.directory && order.names === namesKey(wish.names)) {
    const found = yield* client.look(order.url).pipe(
      Effect.catchIf(
        ({ status = 0, type }) => status >= 400 && status < 500 && status !== 429 && type !== "accountDoesNotExist",
        () => Effect.succeed(undefined),
      ),
    )
    if (found !== undefined) return found
  }
  yield* drop(site)
  yield* freshKey(site, wish)
  yield* countOrder(wish.directory)
  const made = yield* client.order(wish.names)
  const now = yield* Clock.currentTimeMillis
  yield* note(site, wish, {
    order: {
      url: made.url,
      directory: wish.directory,
      names: namesKey(wish.names),
      atMillis: now,
      files: [],
      records: [],
    },
    step: "The certificate is ordered.",
  })
  return made
})

const keyOf = Effect.fnUntraced(function* (site: string) {
  const key = yield* attempt(({ files }) => readText(files, orderKeyOf(site)))
  return key ?? (yield* new AcmeFailure({ reason: "KeyLost", message: "The key of the order is gone." }))
})

const freshKey = Effect.fnUntraced(function* (site: string, wish: Wish) {
  const now = yield* Clock.currentTimeMillis
  const serves = yield* attempt(({ files }) => {
    const { keyMadeAtMillis = 0 } = readProgress(files, site)
    return readText(files, orderKeyOf(site)) !== undefined && now - keyMadeAtMillis < keyLife
  })
  if (serves) return
  const key = yield* makeKey
  yield* whileWanted(site, wish, (files) =>
    files.write(orderKeyOf(site), key, { owner: "root", group: "root", mode: 0o600 }),
  )
  yield* note(site, wish, { keyMadeAtMillis: now })
})

/** Answers every challenge that is open, and says so to the server. */
const prove = Effect.fnUntraced(function* (client: Client, site: string, wish: Wish, order: Order) {
  const type = wish.hook === null ? "http-01" : "dns-01"
  const open: Array<Challenge> = []
  for (const authorization of yield* client.authorizations(order)) {
    if (authorization.status !== "pending") continue
    const name = plain(authorization.identifier.value)
    const challenge = authorization.challenges.find((one) => one.type === type)
    // It was answered, and the server looks by now.
    if (challenge?.status === "processing") continue
    if (challenge === undefined)
      return yield* new AcmeFailure({
        reason: "ChallengeNotOffered",
        message: `The authority takes no ${type} for ${name}.`,
      })
    const answer = yield* client.answerTo(challenge)
    yield* wish.hook === null
      ? answerOverHttp(site, wish, challenge, answer)
      : answerInDns(site, wish, wish.hook, name, answer)
    if (challenge.status === "pending") open.push(challenge)
  }
  if (open.length === 0) return
  yield* note(site, wish, { step: "The authority looks whether the names lead here." })
  for (const challenge of open) yield* client.complete(challenge)
})

const answerOverHttp = Effect.fnUntraced(function* (site: string, wish: Wish, challenge: Challenge, answer: string) {
  const { token } = challenge
  if (typeof token !== "string" || !/^[A-Za-z0-9_-]{1,200}$/.test(token) || !/^[A-Za-z0-9._-]{1,400}$/.test(answer))
    return yield* new AcmeFailure({ reason: "OrderFailed", message: "The authority gave a token that is none." })
  yield* changeOrder(site, wish, (order) =>
    order.files.includes(token) ? order : { ...order, files: [...order.files, token] },
  )
  yield* whileWanted(site, wish, (files) => {
    const path: HostPath = `${challenges}/${token}`
    if (readText(files, path) !== answer) files.write(path, answer, { owner: "root", group: wish.group, mode: 0o640 })
  })
})

const answerInDns = Effect.fnUntraced(function* (
  site: string,
  wish: Wish,
  hook: string,
  domain: string,
  value: string,
) {
  const name = `_acme-challenge.${domain.replace(/^\*\./, "")}`
  if (!/^[a-z0-9._-]{1,270}$/.test(name) || !/^[A-Za-z0-9_-]{20,100}$/.test(value))
    return yield* new AcmeFailure({ reason: "OrderFailed", message: "The authority asked for a name that is none." })
  const same = (one: { readonly name: string; readonly value: string }) => one.name === name && one.value === value
  yield* changeOrder(site, wish, (order) =>
    order.records.some(same) ? order : { ...order, records: [...order.records, { hook, name, value }] },
  )
  const presented = yield* Effect.exit(callHook(hook, "present", name, value))
  // Who took the order away meanwhile has called `cleanup` before there was anything to take away, or while it came to be.
  const listed = yield* attempt(({ files }) => readProgress(files, site).order?.records.some(same) ?? false)
  if (!listed) {
    yield* cleanUp(site, { hook, name, value })
    return yield* new Unwanted()
  }
  yield* presented
})

const cleanUp = (
  site: string,
  { hook, name, value }: { readonly hook: string; readonly name: string; readonly value: string },
) =>
  callHook(hook, "cleanup", name, value).pipe(
    Effect.catch((failure) => Effect.logWarning(`A record of ${site} was left in the DNS: ${failure.message}`)),
  )

/** A program that root put there, by its arguments and without a shell. */
const callHook = (hook: string, what: "present" | "cleanup", name: string, value: string) =>
  Effect.gen(function* () {
    yield* attempt(({ files }) => {
      for (const [path, type] of [
        [hooksFolder, "directory"],
        [`${hooksFolder}/${hook}`, "file"],
      ] as const) {
        const stat = files.stat(path as HostPath)
        if (
          !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(hook) ||
          stat?.type !== type ||
          stat.owner !== "root" ||
          (stat.mode & 0o022) !== 0
        )
          throw hookFailed(hook, "it is not root's alone")
      }
    })
    const program = yield* attempt(({ files }) => files.real(`${hooksFolder}/${hook}`))
    yield* run([program, what, name, value], (outcome) => hookFailed(hook, said(outcome, 3)))
  })

const hookFailed = (hook: string, why: string) =>
  new ResourceFailure({
    reason: "HookFailed",
    message: `The hook ${hook} failed: ${plain(why)}.`,
    verdict: { kind: "retry" },
  })

/** Why an order became invalid: of the first name that did, with what is seen from here. */
const refused = Effect.fnUntraced(function* (client: Client, wish: Wish, order: Order) {
  const found = yield* client.authorizations(order)
  const failed = found.filter(({ status }) => status === "invalid")
  const reasons = yield* Effect.forEach(failed, (one) => reasonOf(wish, one))
  const [first] = reasons
  if (first === undefined) {
    const [reason, message] = wordsOf((order as { readonly error?: Problem }).error ?? {})
    return yield* new AcmeFailure({ reason, message, type: "invalid" })
  }
  return yield* new AcmeFailure({
    reason: first.reason,
    message: reasons
      .map(({ message }) => message)
      .slice(0, 5)
      .join(" "),
    type: "invalid",
  })
})

const reasonOf = (wish: Wish, { challenges: all, identifier }: Authorization) =>
  Effect.gen(function* () {
    const challenge = all.find((one) => one.status === "invalid")
    const [reason, says] = wordsOf((challenge as { readonly error?: Problem } | undefined)?.error ?? {})
    const wrong = wish.hook === null ? yield* wrongInDns(identifier.value, wish.addresses) : undefined
    return {
      reason: wrong === undefined ? reason : "NamePointsElsewhere",
      message: wrong === undefined ? `${plain(identifier.value)}: ${says}` : `${wrong} ${says}`,
    }
  })

const takeOver = Effect.fnUntraced(function* (site: string, wish: Wish, chain: string) {
  const key = yield* keyOf(site)
  const canonical = (chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).join("\n")
  const [own] = certificatesOf(canonical) ?? []
  const text = pairText(canonical, key)
  if (own === undefined || text === undefined || uncovered(own, wish.names).length > 0)
    return yield* new AcmeFailure({
      reason: "CertificateDoesNotFit",
      message: "The authority gave a certificate for another key or other names.",
      type: "invalid",
    })
  const now = yield* Clock.currentTimeMillis
  yield* note(site, wish, { issued: { fingerprint: own.fingerprint256, directory: wish.directory, atMillis: now } })
  yield* whileWanted(site, wish, (files) =>
    files.write(pairOf(site), text, { owner: "root", group: wish.group, mode: 0o640 }),
  )
  yield* drop(site)
  yield* whileWanted(site, wish, (files) =>
    change(files, site, ({ failures: _, retryAtMillis: __, step: ___, ...rest }) => ({ ...rest, failures: [] })),
  )
})

/** The order is over: what was put somewhere for it is taken away again. */
export const drop = Effect.fnUntraced(function* (site: string) {
  const { order } = yield* attempt(({ files }) => readProgress(files, site))
  if (order === undefined) return
  for (const token of order.files) yield* attempt(({ files }) => files.remove(`${challenges}/${token}`))
  for (const record of order.records) yield* cleanUp(site, record)
  yield* attempt(({ files }) => change(files, site, ({ order: _, ...rest }) => rest))
})
