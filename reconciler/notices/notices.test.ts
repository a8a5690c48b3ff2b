import { createHmac } from "node:crypto"
import * as fs from "node:fs"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { onScratchHost } from "../host/scratch-host.ts"
import type { RunRow } from "../runs.ts"
import { StoreFailure, type ToldRow } from "../store.ts"
import { messageOf } from "./mail.ts"
import { day, make } from "./notices.ts"
import { post } from "./webhook.ts"

const secret = "a secret of sixteen and more".replaceAll(" ", "-")

/** A real server, which answers as it is told to. */
let received: Array<{
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string | undefined
}> = []
let answers: Array<number> = []
const server = createServer((request, response) => {
  let body = ""
  request.on("data", (part) => (body += part))
  request.on("end", () => {
    received.push({ headers: request.headers, body, path: request.url })
    const status = answers.shift() ?? 204
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end()
  })
})
beforeAll(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)))
afterAll(() => server.close())
beforeEach(() => {
  received = []
  answers = []
})
const port = () => (server.address() as AddressInfo).port
const urlOf = (host = "127.0.0.1") => `http://${host}:${port()}/hook?x=1`

const run: RunRow = {
  id: "00000000-0000-4000-9000-000000000001",
  record: "CronJob/feed",
  recordId: "00000000-0000-4000-8000-000000000001",
  requestedAtMillis: null,
  startedAtMillis: 1800000000000,
  endedAtMillis: 1800000002500,
  outcome: "failed",
  exitStatus: 7,
  output: "größe\r\nBcc: mallory@example.org\n",
  outputDropped: 0,
}

const recipients = (root: string, content: unknown) => {
  fs.mkdirSync(`${root}/etc/plumbline/notify`, { recursive: true })
  fs.writeFileSync(`${root}/etc/plumbline/notify/CronJob.feed`, JSON.stringify(content))
}
const waiting = (root: string) => fs.readdirSync(`${root}/var/lib/plumbline/notices`)
const noticeOf = (root: string) => {
  const path = `${root}/var/lib/plumbline/notices/${run.id}.webhook`
  return { path, notice: JSON.parse(fs.readFileSync(path, "utf8")) }
}

const teller = (allowed: ReadonlyArray<string> = ["127.0.0.1"]) => {
  const told: Array<ToldRow> = []
  let away = false
  const store = {
    writeTold: (rows: ReadonlyArray<ToldRow>) =>
      away ? Effect.fail(new StoreFailure({ away, message: "no" })) : Effect.sync(() => void told.push(...rows)),
  }
  return {
    told,
    storeIs: (now: "away" | "there") => {
      away = now === "away"
    },
    ...make({ node: "web1", store, allowed: () => allowed }),
  }
}

describe("a run that failed", () => {
  it("is told to a webhook by a request that is signed, once, and that is written down", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        recipients(root, { webhook: { url: urlOf(), secret } })
        const { make, round, told } = teller()
        yield* make([run])
        expect(yield* round).toBeUndefined()
        expect(yield* round).toBeUndefined()
        expect(received).toHaveLength(1)
        const [{ body = "", headers = {}, path = "" } = {}] = received
        expect(path).toBe("/hook?x=1")
        expect(JSON.parse(body)).toEqual({
          type: "run.failed",
          node: "web1",
          kind: "CronJob",
          name: "feed",
          run: run.id,
          outcome: "failed",
          exitStatus: 7,
          startedAt: "2027-01-15T08:00:00.000Z",
          endedAt: "2027-01-15T08:00:02.500Z",
          output: run.output,
        })
        expect(headers["webhook-id"]).toBe(run.id)
        const signed = `${run.id}.${headers["webhook-timestamp"]}.${body}`
        expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", secret).update(signed).digest("base64")}`)
        expect(told).toMatchObject([{ run: run.id, by: "webhook", state: "sent", why: null }])
        expect(waiting(root)).toEqual([])
      }),
    ))

  it("is told again later when nobody took it, also by another agent, and given up after a day", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        recipients(root, { webhook: { url: urlOf(), secret } })
        const before = teller()
        answers = [500, 302, 503]
        yield* before.make([run])
        const next = yield* before.round
        expect(before.told).toMatchObject([{ state: "trying", why: expect.stringContaining("answered 500") }])
        expect((next ?? 0) - Date.now()).toBeGreaterThan(7_000)
        expect((next ?? 0) - Date.now()).toBeLessThan(13_000)
        // Its time has not come.
        yield* before.round
        expect(received).toHaveLength(1)

        const after = teller()
        const make = (change: object) => {
          const { notice, path } = noticeOf(root)
          fs.writeFileSync(path, JSON.stringify({ ...notice, ...change }))
        }
        make({ nextAt: 0 })
        yield* after.round
        expect(after.told).toMatchObject([{ state: "trying", why: expect.stringContaining("answered 302") }])
        expect(noticeOf(root).notice.attempts).toBe(2)
        make({ nextAt: 0, madeAt: Date.now() - day })
        expect(yield* after.round).toBeUndefined()
        expect(after.told.at(-1)).toMatchObject({ state: "given-up", why: expect.stringContaining("answered 503") })
        expect(received.map(({ path }) => path)).toEqual(Array(3).fill("/hook?x=1"))
        expect(waiting(root)).toEqual([])
      }),
    ))

  it("is not told twice because the store is away when that should be written down", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        recipients(root, { webhook: { url: urlOf(), secret } })
        const { make, round, storeIs, told } = teller()
        storeIs("away")
        yield* make([run])
        yield* round
        expect([received.length, told, waiting(root).length]).toEqual([1, [], 1])
        storeIs("there")
        const { notice, path } = noticeOf(root)
        fs.writeFileSync(path, JSON.stringify({ ...notice, nextAt: 0 }))
        yield* round
        expect([received.length, told.map(({ state }) => state), waiting(root)]).toEqual([1, ["sent"], []])
      }),
    ))

  it.each(["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]"])(
    "is not told where the node sends nothing: %s",
    (host) =>
      onScratchHost((root) =>
        Effect.gen(function* () {
          recipients(root, { webhook: { url: urlOf(host), secret } })
          const { make, round, told } = teller([])
          yield* make([run])
          yield* round
          expect(told).toMatchObject([
            { state: "trying", why: expect.stringContaining("where this node sends nothing") },
          ])
          expect(received).toEqual([])
        }),
      ),
  )

  it("is nobody's business where the record names nobody, or the run did not fail", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        const { make } = teller()
        yield* make([run])
        recipients(root, { webhook: { url: urlOf(), secret } })
        yield* make([
          { ...run, outcome: "succeeded" },
          { ...run, outcome: "skipped" },
        ])
        expect(waiting(root)).toEqual([])
      }),
    ))
})

it("a name is resolved once, and the connection goes where that led", async () => {
  const hook = { url: urlOf("localhost"), secret, id: "1", body: "{}", timestamp: 1, allowed: ["127.0.0.1"] }
  await Effect.runPromise(post(hook))
  expect(received[0]?.headers.host).toBe(`localhost:${port()}`)
})

describe("a mail", () => {
  const mail = { to: ["ada@example.org", "bob@example.org"], subject: "CronJob feed", text: run.output }

  it("has nothing of what the run wrote outside of its body", () => {
    const [head = "", body = ""] = messageOf(mail).split("\n\n")
    expect(head.split("\n").slice(0, 3)).toEqual([
      "To: ada@example.org, bob@example.org",
      "Subject: CronJob feed",
      "Auto-Submitted: auto-generated",
    ])
    expect(body.trim()).toMatch(/^[A-Za-z0-9+/=\n]+$/)
    expect(Buffer.from(body, "base64").toString("utf8")).toBe(run.output)
  })

  it.each(["a\nBcc: mallory@example.org", "a\r\n\r\nbody", "a\u2028b", "a\0b"])(
    "has as many headers as ever, whatever is in one: %j",
    (subject) => {
      const count = (text: string) => (text.split("\n\n")[0] ?? "").split("\n").length
      expect(count(messageOf({ ...mail, subject }))).toBe(count(messageOf(mail)))
    },
  )

  it("writes other letters than ASCII's as RFC 2047 says", () => {
    const subject = `${"Größe 日本 ".repeat(12)}end`
    const [, text = ""] = /^Subject: ((?:.*\n )*.*)$/m.exec(messageOf({ ...mail, subject })) ?? []
    const words = text.split("\n ").map((word) => /^=\?utf-8\?B\?([A-Za-z0-9+/=]+)\?=$/.exec(word)?.[1] ?? "")
    expect(words.every((word) => word.length <= 60)).toBe(true)
    expect(words.map((word) => Buffer.from(word, "base64").toString("utf8")).join("")).toBe(subject)
  })
})
