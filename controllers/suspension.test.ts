import { describe, expect, it } from "vitest"
import type { Rendered } from "../reconciler/contract/controller.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { account } from "./account.ts"
import { php } from "./php.ts"
import { anAccount, aPhp, directoryFacts, liveFacts, renderOf, renderSamples, resourcesOf } from "./samples/records.ts"

const ids = (rendered: Rendered) =>
  resourcesOf(rendered)
    .map(({ id, kind }) => `${kind} ${id}`)
    .sort()

/** Everything that would have something run, or somebody let in. */
const wakes = ({ activates, kind, spec }: Resource): boolean => {
  const { active, calendar, enabled, groups, locked, passOver, suspended, verifier } = {
    ...(spec as {
      active?: boolean
      calendar?: ReadonlyArray<string>
      enabled?: boolean
      groups?: ReadonlyArray<string>
      locked?: boolean
      passOver?: boolean
      suspended?: boolean
      verifier?: string
    }),
  }
  return (
    activates.some((one) => one.kind === "unit" && one.name !== "plumb-nginx.service") ||
    (kind === "unit" && (active === true || enabled === true)) ||
    (kind === "timer" && calendar?.length !== 0) ||
    (kind === "user" && (groups?.length !== 0 || verifier !== undefined)) ||
    (["sql-user", "pg-role"].includes(kind) && locked !== true) ||
    (kind === "run" && passOver !== true) ||
    (kind === "suspension" && suspended !== true)
  )
}

describe.each([liveFacts, directoryFacts].map((facts) => [facts.host, facts] as const))(
  "of an account that is suspended, on a %s host,",
  (_, facts) => {
    const open = new Map(renderSamples(facts))
    const suspended = renderSamples(facts, { suspended: true, suspension: { reason: "unpaid since March" } })
    // Kinds that belong to no account, and what goes on for the day on which it is over: certificates are renewed.
    const owned = suspended.filter(([record]) => !/^(Certificate|Node|Package)\//.test(record))

    it.each(owned)(
      "%s has the same resources as before, and nothing of them runs or lets anybody in",
      (record, now) => {
        const before = open.get(record)
        if (before === undefined) throw new Error(`no ${record}`)
        expect(ids(now)).toEqual(ids(before))
        expect(resourcesOf(now).filter(wakes)).toEqual([])
        expect(now).toMatchObject({ rests: { reason: "Suspended" } })
      },
    )

    it("no visitor is told why, and those who look after it are", () => {
      const said = owned.filter(([, rendered]) => JSON.stringify(rendered).includes("unpaid since March"))
      expect(said.map(([record]) => record)).toEqual(["Account/acme", "Account/blue-fern"])
      for (const [, rendered] of owned) expect(JSON.stringify(resourcesOf(rendered))).not.toContain("unpaid")
    })

    it("every site shows the page, whatever it is otherwise", () => {
      for (const [record, rendered] of owned.filter(([record]) => record.startsWith("Site/"))) {
        const member = resourcesOf(rendered).find(({ kind }) => kind === "nginx-member")
        expect([record, JSON.stringify(member?.spec)]).toEqual([record, expect.stringContaining("suspended.html")])
        expect(JSON.stringify(member?.spec)).not.toMatch(/fastcgi_pass|return 301/)
      }
    })

    it("everything is to the byte as it was once that is over", () => {
      expect(renderSamples(facts, { suspended: false })).toEqual(renderSamples(facts))
    })
  },
)

describe("a suspension", () => {
  const closed = anAccount("acme", { suspended: true, access: { shell: "jail" } })

  it("goes before what is wrong with a record: PHP rests although it names an extension that is not there", () => {
    const broken = aPhp("acme", { extensions: { nonesuch: true } })
    expect(renderOf(php, broken, liveFacts, [anAccount("acme")])).toMatchObject({ outcome: "stalled" })
    const rendered = renderOf(php, broken, liveFacts, [closed])
    expect(resourcesOf(rendered).filter(wakes)).toEqual([])
  })

  it("needs nothing of the node for an access that nobody has", () => {
    const facts = { ...liveFacts, bubblewrap: null }
    expect(renderOf(account, anAccount("acme", { access: { shell: "jail" } }), facts)).toMatchObject({
      outcome: "stalled",
    })
    expect(renderOf(account, closed, facts)).toMatchObject({ outcome: "resources" })
  })
})
