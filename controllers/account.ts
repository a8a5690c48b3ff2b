/**
 * Account: a Linux user with a group, a home, and a slice that holds everything of theirs within limits.
 *
 * The one thing to know before changing it: the home and the folders in it belong to root, up to the first folder that the
 * tenant can write. That is what lets root work in them without ever meeting a link that a tenant planted.
 */
import { directory } from "../reconciler/resources/directory.ts"
import { group } from "../reconciler/resources/group.ts"
import { groupKey, pathKey, quotaKey, unitKey, userKey } from "../reconciler/resources/place.ts"
import { slice } from "../reconciler/resources/slice.ts"
import { suspension } from "../reconciler/resources/suspension.ts"
import { user } from "../reconciler/resources/user.ts"
import type { Access } from "../spec/access.ts"
import type { AccountSpec } from "../spec/account.ts"
import { effectiveLimits } from "../spec/limits.ts"
import type { PackageSpec } from "../spec/package.ts"
import { shaped, whole } from "./encode/unsafe.ts"
import { accountLayout, platform } from "./layout.ts"
import { homeQuota, sliceLimits, unenforced } from "./limits.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { includeSuspended } from "./site/suspended.ts"
import { accessResources, lacking, loginOf, needsOf } from "./ssh/access.ts"
import { restsItself } from "./suspension.ts"

export const account = guarded<AccountSpec>("Account", ({ name, spec }, { facts, lookup }) => {
  if (spec.uid === undefined)
    return stalled("NoUid", `Account ${name} has no user id.`, "Write the record through the API, which gives it one.")
  const pack = spec.package === undefined ? undefined : lookup<PackageSpec>("Package", spec.package)
  if (spec.package !== undefined && pack === undefined)
    return waiting("Package", spec.package, `There is no package ${spec.package} yet.`)
  const limits = effectiveLimits(spec.limits, pack?.spec.limits)
  // Nobody needs what nobody gets in by.
  const lacks = spec.suspended ? undefined : lacking(spec.access, facts)
  if (lacks !== undefined) return stalled(lacks.reason, lacks.message, lacks.mend)
  const layout = accountLayout(name)
  const uid = Number(whole("a user id", spec.uid, 10000, 59999))
  const comment = shaped(
    "the comment of a user",
    spec.comment ?? "",
    /^[^:,="\\]{0,200}$/u,
    'Use one line without : , = " and \\.',
  )

  const owner = { fields: ["metadata.name", "spec.uid"] }
  // A project is told to what is in a folder when that is made, not afterwards.
  const counted = facts.homes.quotas === "project" ? [quotaKey(layout.home)] : []
  const inHome = { fields: ["metadata.name"], after: [pathKey(layout.home), userKey(layout.name), ...counted] }
  const open: Access = spec.suspended ? { shell: "none", endSessions: true } : spec.access
  const tenants = { owner: layout.name, group: layout.name, mode: 0o700 }
  // The account may list what is its own; nginx and everybody else only pass through.
  const passage = { owner: "root", group: layout.name, mode: 0o751 }
  const all = [
    group(layout.name, { gid: uid }, owner),
    user(
      layout.name,
      { uid, gid: uid, comment, home: layout.home, ...loginOf(open) },
      {
        fields: ["metadata.name", "spec.uid", "spec.comment", "spec.access", "spec.suspended"],
        after: [groupKey(layout.name), ...needsOf(open)],
        // Whoever loses access, or has another one now, is logged out.
        activates: facts.sshd === null ? [] : [{ kind: "sessions", account: layout.name }],
      },
    ),
    // The home goes to the trash as a whole; what is in it goes along.
    directory(
      layout.home,
      { ...passage, ...(facts.homes.quotas === "btrfs" ? { volume: true } : {}) },
      { fields: ["metadata.name"], after: [userKey(layout.name)], onDelete: "trash" },
    ),
    ...homeQuota(layout.home, uid, limits, facts),
    directory(layout.sites, passage, { ...inHome, onDelete: "retain" }),
    directory(layout.private, tenants, { ...inHome, onDelete: "retain" }),
    directory(layout.tmp, tenants, { ...inHome, onDelete: "retain" }),
    directory(layout.logs, tenants, { ...inHome, onDelete: "retain" }),
    slice(
      layout.slice,
      sliceLimits(limits),
      // After the user, so that a removal ends what runs as the user before the user goes.
      { fields: ["metadata.name", "spec.package", "spec.limits"], after: [userKey(layout.name), pathKey(layout.home)] },
    ),
    suspension(
      layout.suspended,
      { suspended: spec.suspended, rules: `${includeSuspended(facts)}` },
      {
        fields: ["metadata.name", "spec.suspended"],
        after: [
          pathKey(platform.suspended),
          pathKey(platform.suspendedRules),
          userKey(layout.name),
          unitKey(layout.slice),
        ],
      },
    ),
    ...accessResources(name, spec, facts),
  ]
  return resources(all, restsItself(spec), unenforced(limits, facts))
})
