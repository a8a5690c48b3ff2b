/**
 * What a node has for the PostgreSQL of all accounts: the lines of pg_hba.conf by which their users come in.
 *
 * The one thing to know before changing it: the first line that fits decides, so ours stand at the top. They are for members
 * of our role alone, and let each into the databases whose role it is a member of, which are those of its record. What is
 * said of single users (where else they come from) stands in blocks of their records, before these.
 * https://www.postgresql.org/docs/15/auth-pg-hba-conf.html
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { Resource } from "../../reconciler/contract/resource.ts"
import { block } from "../../reconciler/resources/block.ts"
import { everyUser } from "../../reconciler/resources/pg-role.ts"

const lines = [
  ["local", "samerole", ""],
  ["host", "samerole", "127.0.0.1/32"],
  ["host", "samerole", "::1/128"],
].map(([type, database, address]) => [type, database, `+${everyUser}`, address, "scram-sha-256"])
const others = [
  ["local", "all", `+${everyUser}`, "", "reject"],
  ["host", "all", `+${everyUser}`, "all", "reject"],
]

const hbaLines = [...lines, ...others].map((words) => `${words.filter((word) => word !== "").join(" ")}\n`).join("")

export const postgresqlOfNode = ({ postgresql }: Facts): ReadonlyArray<Resource> =>
  postgresql?.hba === undefined || postgresql.hba === null || !postgresql.hba.startsWith("/")
    ? []
    : [block(postgresql.hba as `/${string}`, { content: hbaLines }, { fields: ["metadata.name"] })]
