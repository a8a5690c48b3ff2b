// What `plumb up` says once everything runs: where things are, and what to try. Everything in it can be copied and pasted.

import { relative } from "node:path"
import * as Effect from "effect/Effect"
import { ask } from "../cli/client.ts"
import { listRecords } from "../cli/get.ts"
import { clean, paint, print } from "../cli/terminal.ts"
import type { HostPlace } from "./hosts.ts"
import type { Person } from "./people.ts"

export interface Places {
  readonly home: string
  readonly url: string
  readonly database: string
  readonly host: HostPlace
  readonly people: ReadonlyArray<Person>
}

const domainsOf = (spec: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const domains = spec["domains"]
  return Array.isArray(domains) ? domains.filter((domain) => typeof domain === "string") : []
}

/** A `.localhost` name leads here in every browser (RFC 6761); for any other name the request has to say which it means. */
const wayTo = (domains: ReadonlyArray<string>, address: string, port: string): string | undefined => {
  const local = address === "127.0.0.1" ? domains.find((domain) => domain.endsWith(".localhost")) : undefined
  if (local !== undefined) return `http://${clean(local)}${port}/`
  const [first] = domains
  return first === undefined ? undefined : `curl -H 'Host: ${clean(first)}' http://${address}${port}/`
}

const short = (path: string): string => {
  const nearer = relative(process.cwd(), path)
  return nearer !== "" && nearer.length < path.length ? nearer : path
}

export const welcome = ({ home, url, database, host, people }: Places) =>
  Effect.gen(function* () {
    const { nodes } = yield* ask((api) => api.live.status({ query: {} }))
    const facts = nodes[0]?.facts ?? {}
    const sites = yield* listRecords("Site")
    const port = host.port === 80 ? "" : `:${host.port}`
    const serving = facts["nginx"] !== null && facts["nginx"] !== undefined
    const php = Array.isArray(facts["php"]) && facts["php"].length > 0

    yield* print("")
    yield* print(paint("bold", "Plumbline is up."))
    yield* print("")
    for (const [what, where] of [
      ["API", url],
      ["Log in", `with the token in ${short(home)}/admin.token (\`npx plumb\` finds it by itself)`],
      ["Host", host.words.replace(host.root ?? "\0", short(host.root ?? ""))],
      ["Database", database.replace(home, short(home))],
      ["Logs", `${short(home)}/log`],
    ] as const) {
      yield* print(`  ${what.padEnd(8)}  ${where}`)
    }
    if (people.length > 0) {
      yield* print("")
      yield* print(`The demo's users, who log in at ${url}/auth/login:`)
      for (const { email, password } of people) yield* print(`  ${email.padEnd(24)}  ${password}`)
    }
    if (sites.length > 0) {
      yield* print("")
      yield* print(serving ? "The sites answer here:" : "The sites have their files, and nobody serves them yet.")
    }
    for (const site of serving ? sites.slice(0, 8) : []) {
      const way = wayTo(domainsOf(site.spec), host.address, port)
      if (way !== undefined) yield* print(`  ${way}`)
    }
    if (!serving || !php) {
      const missing = serving ? "php-fpm is" : php ? "nginx is" : "nginx and php-fpm are"
      yield* print(
        `  ${missing} not installed here. To see all of them answer: apt-get install nginx-light php-fpm, and start again.`,
      )
    }
    const site = sites[0]?.metadata.name
    if (site !== undefined) {
      yield* print("")
      yield* print("Try this in another terminal:")
      yield* print("  npx plumb status")
      yield* print(`  npx plumb get site ${site} > ${site}.yaml    # edit it, then:`)
      yield* print(`  npx plumb apply -f ${site}.yaml --wait`)
      if (host.root === undefined) {
        yield* print(`  npx node fixtures/testhost/main.ts shell ${host.name} systemctl list-units 'plumb-*'`)
        yield* print(`  npx node fixtures/testhost/main.ts shell ${host.name}   # a root shell in it: change something`)
        yield* print("  npx plumb drift list                     # found, kept, healed")
      } else {
        const file = `${short(host.root)}/etc/plumbline/nginx/live/sites/${site}.conf`
        yield* print(`  echo '# mine' >> ${file}`)
        yield* print("  npx plumb drift list                     # found, kept, healed")
        yield* print(`  npx plumb explain ${file}`)
      }
    }
    yield* print("")
    yield* print(paint("dim", "Ctrl-C ends everything; the next start finds it again. From here on: what happens."))
  })
