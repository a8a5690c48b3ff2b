/**
 * A rendered tree that the real nginx and php-fpm of this machine serve, for tests that ask it as visitors do.
 *
 * The one thing to know before changing it: nothing here knows what a site should answer; a test says that.
 */
import * as fs from "node:fs"
import * as http from "node:http"
import { join } from "node:path"
import type { Desired } from "../../reconciler/contract/controller.ts"
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { AccountSpec } from "../../spec/account.ts"
import type { PhpSpec } from "../../spec/php.ts"
import type { SiteSpec } from "../../spec/site.ts"
import { account } from "../account.ts"
import { node } from "../node.ts"
import { php } from "../php.ts"
import { site } from "../site.ts"
import { materialise } from "./materialise.ts"
import { accepts, fpmProgram, freePort, nginxProgram, run, start } from "./programs.ts"
import { aNode, renderOf, resourcesOf } from "./records.ts"

export interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  /** The address that the visitor comes from: 127.0.0.1 unless said otherwise. */
  readonly from?: string
}

export interface Records {
  readonly owner: Desired<AccountSpec>
  readonly pools: ReadonlyArray<Desired<PhpSpec>>
  readonly sites: ReadonlyArray<Desired<SiteSpec>>
}

export const serving = async (known: Facts, { owner, pools, sites }: Records) => {
  // Short, since the path of a socket has at most 107 bytes; with a space, since a checkout may have one.
  const root = fs.mkdtempSync("/tmp/plumb line-")
  const facts = { ...known, root, http: { ...known.http, port: await freePort() } }
  const at = (path: string) => join(root, path)
  materialise(root, resourcesOf(renderOf(node, aNode(), facts)))
  materialise(root, resourcesOf(renderOf(account, owner, facts)))
  for (const pool of pools) materialise(root, resourcesOf(renderOf(php, pool, facts, [owner])))
  for (const each of sites) materialise(root, resourcesOf(renderOf(site, each, facts, [owner, ...pools])))
  const pool = at(`etc/plumbline/php/8.2/${owner.name}`)
  const fpm = ["--nodaemonize", "--force-stderr", "-c", `${pool}.ini`, "--fpm-config", `${pool}.conf`]
  const configuration = at("etc/plumbline/nginx/live/nginx.conf")
  const programs: Array<ReturnType<typeof start>> = []

  const get = (host: string, path: string, { from, headers = {}, method = "GET" }: Asked = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = http.request(
        {
          ...{ host: "127.0.0.1", port: facts.http.port, path, method, headers: { host, ...headers }, agent: false },
          ...(from === undefined ? {} : { localAddress: from }),
        },
        (response) => {
          let body = ""
          response.setEncoding("utf8")
          response.on("data", (data) => (body += String(data)))
          response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }))
        },
      )
      request.on("error", reject)
      request.end()
    })

  return {
    root,
    facts,
    at,
    get,
    inSite: (name: string, path: string) => at(`home/${owner.name}/sites/${name}/${path}`),
    put: (path: string, content: string) => {
      fs.mkdirSync(join(path, ".."), { recursive: true })
      fs.writeFileSync(path, content)
    },
    /** What nginx says to a test of it all, or with -T to a dump of what it read. */
    tested: (how: "-t" | "-T" = "-t") => run(nginxProgram, how, "-c", configuration),
    /** Tests php-fpm's configuration, as its unit does before a reload. */
    testedFpm: () => run(fpmProgram, ...fpm, "--test"),
    start: async () => {
      fs.mkdirSync(at(`run/plumb-php8.2/${owner.name}`), { recursive: true })
      const master = start(fpmProgram, ...fpm)
      programs.push(master, start(nginxProgram, "-c", configuration))
      await accepts({ path: at(`run/plumb-php8.2/${owner.name}/php.sock`) })
      await accepts({ host: "127.0.0.1", port: facts.http.port })
      return { master }
    },
    reload: async () => programs.at(-1)?.reload(),
    stop: async () => {
      for (const program of programs) await program.stop()
      fs.rmSync(root, { recursive: true, force: true })
    },
  }
}
export type Serving = Awaited<ReturnType<typeof serving>>
