// One example of each resource type, and what they stand on: what the laws of the types are tried on.

import * as Effect from "effect/Effect"
import { activateNginx } from "../activations/nginx-activation.ts"
import type { Activation, Removal, Resource } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { liveTree, nextTree } from "../host/nginx.ts"
import type { HostPath } from "../host/path.ts"
import { block } from "./block.ts"
import { certificate } from "./certificate.ts"
import { directory } from "./directory.ts"
import { file } from "./file.ts"
import { group } from "./group.ts"
import { resourceTypes } from "./index.ts"
import { keyFolder } from "./key-folder.ts"
import { nginxMember } from "./nginx-member.ts"
import { packetFilter } from "./packet-filter.ts"
import { pgDatabase } from "./pg-database.ts"
import { pgRole } from "./pg-role.ts"
import { quota } from "./quota.ts"
import { run } from "./run.ts"
import { slice } from "./slice.ts"
import { sqlDatabase } from "./sql-database.ts"
import { sqlUser } from "./sql-user.ts"
import { sshKey } from "./ssh-key.ts"
import { sshdDropIn } from "./sshd-drop-in.ts"
import { suspension } from "./suspension.ts"
import { symlink } from "./symlink.ts"
import { task } from "./task.ts"
import { tenantDirectory } from "./tenant-directory.ts"
import { timer } from "./timer.ts"
import { unit } from "./unit.ts"
import { sliceName } from "./unit-name.ts"
import { user } from "./user.ts"

const where = { fields: ["metadata.name"] }
const root755 = { owner: "root", group: "root", mode: 0o755 }
const acme = { uid: 20001, gid: 20001, comment: "Acme", home: "/home/acme", shell: "/usr/sbin/nologin" } as const

/** What the examples below stand on. */
const ground: ReadonlyArray<Resource> = [
  group("acme", { gid: 20001 }, where),
  user("acme", { ...acme, groups: [] }, where),
  directory("/home/acme", { owner: "root", group: "www-data", mode: 0o751 }, where),
  directory("/home/acme/public", { owner: "acme", group: "www-data", mode: 0o2750 }, where),
  file(
    "/etc/systemd/system/plumb-echo@.service",
    {
      content: "[Service]\nExecStart=/nonexistent/echo %I\n[Install]\nWantedBy=multi-user.target\n",
      ...root755,
      mode: 0o644,
    },
    where,
  ),
  ...["/etc/plumbline", "/etc/plumbline/nginx", liveTree, nextTree].map((path) =>
    directory(path as HostPath, root755, where),
  ),
  directory("/var/lib/plumbline/certificates", root755, where),
  ...["/etc/pam.d", "/etc/ssh", "/etc/ssh/sshd_config.d", "/etc/plumbline/ssh", "/etc/plumbline/ssh/keys"].map((path) =>
    directory(path as HostPath, root755, where),
  ),
  directory("/etc/plumbline/ssh/keys/acme", root755, where),
  file(
    "/etc/pam.d/sshd",
    { content: "@include common-auth\n@include common-session\n", ...root755, mode: 0o644 },
    where,
  ),
]

export const examples: ReadonlyArray<Resource> = [
  file("/etc/example.conf", { content: "a = 1\n", owner: "root", group: "acme", mode: 0o640 }, where),
  file("/etc/systemd/system/plumb-other.service", { content: "[Service]\n", ...root755, mode: 0o644 }, where),
  directory("/home/acme/private", { owner: "acme", group: "acme", mode: 0o700 }, where),
  symlink("/etc/example", { target: "/etc/example.conf" }, where),
  tenantDirectory("/home/acme/public/a/b", { user: "acme", mode: 0o750 }, where),
  group("other", { gid: 20002 }, where),
  user("other", { ...acme, uid: 20002, home: "/home/other", groups: ["acme"] }, where),
  unit("plumb-echo@acme\\x2dshop.service", { enabled: true, active: true }, where),
  slice(
    sliceName("acme-shop"),
    { memoryMax: 268435456, cpuQuota: 150, tasksMax: 64, readBandwidth: 10_000_000 },
    where,
  ),
  quota("/home/acme", { disk: 2 ** 30, files: 10_000, project: 20001 }, where),
  packetFilter("plumb_example", { rules: "table inet plumb_example {\n}\n" }, where),
  nginxMember("nginx.conf", { content: "events {}\n" }, where),
  block("/etc/pam.d/sshd", { content: "session optional pam_exec.so\n", before: "@include common-session" }, where),
  keyFolder("/etc/plumbline/ssh/keys/other", { ...root755, mode: 0o750 }, where),
  sshKey("/etc/plumbline/ssh/keys/acme/laptop.pub", { content: "ssh-ed25519 AAAA\n", ...root755, mode: 0o640 }, where),
  sshdDropIn("/etc/ssh/sshd_config.d/00-plumbline.conf", { content: "# none\n", policies: [] }, where),
  sqlDatabase(
    "acme_shop-1",
    { characterSet: "utf8mb4", collation: "utf8mb4_unicode_ci", record: "Database/shop" },
    where,
  ),
  sqlUser(
    "shop",
    {
      hosts: ["192.0.2.0/255.255.255.0", "localhost"],
      verifier: `*${"0A".repeat(20)}`,
      database: "acme_shop-1",
      privileges: ["SELECT", "SHOW VIEW"],
    },
    where,
  ),
  pgDatabase("acme_shop", { record: "Database/shop", readers: ["shop"], writers: [], owners: ["shop"] }, where),
  pgRole(
    "shop",
    {
      verifier: `SCRAM-SHA-256$4096:${"A".repeat(22)}==$${"A".repeat(43)}=:${"A".repeat(43)}=`,
      database: "acme_shop",
      access: "admin",
    },
    where,
  ),
  timer("plumb-echo@acme\\x2dshop.timer", { calendar: ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"] }, where),
  suspension("/etc/plumbline/other", { suspended: true, rules: "# nothing\n" }, where),
  certificate("shop", { group: "acme", names: ["shop.example.org"], source: { by: "nobody" } }, where),
  run("Job.shop", { askedAt: Date.UTC(2999), unit: "plumb-echo-1.service", argv: ["/nonexistent/echo"] }, where),
  task("Task.shop", { askedAt: Date.UTC(2999), unit: "plumb-echo-2.service", argv: ["/nonexistent/echo"] }, where),
]

export const removal: Removal = {
  onDelete: "remove",
  recordId: "r1",
  record: "Account/acme",
  retainUntil: "2030-01-01T00:00:00Z",
}

export const typeOf = (resource: Resource) => {
  const type = resourceTypes.get(resource.kind)
  if (type === undefined) throw new Error(`no type ${resource.kind}`)
  return type
}
export const look = (resource: Resource) => typeOf(resource).observe(resource.id, resource.spec)
export const differences = (resource: Resource) =>
  Effect.map(look(resource), (seen) => typeOf(resource).diff(resource.spec, seen))
export const activate = (activations: ReadonlyArray<Activation>) =>
  Effect.gen(function* () {
    const { systemd } = yield* Host
    for (const one of activations) {
      if (one.kind === "unit") yield* systemd[one.action](one.name)
      if (one.kind === "nginx") yield* activateNginx([one.member], "start")
    }
  })
export const converge = (resource: Resource) =>
  Effect.gen(function* () {
    yield* typeOf(resource).apply(resource.id, resource.spec, yield* look(resource), "r1")
    yield* activate(resource.activates)
  })
export const prepare = Effect.forEach(ground, converge, { discard: true })
