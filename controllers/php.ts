/**
 * Php: an account's own php-fpm master in one version, and the upstream through which nginx reaches it.
 *
 * The one thing to know before changing it: a change of settings is a reload, never a restart. The unit tests the new
 * configuration first and then has the master take it over without losing a request (`php/pool.ts`).
 */
import type { Facts } from "../reconciler/contract/facts.ts"
import type { Activation } from "../reconciler/contract/resource.ts"
import { file as fileResource } from "../reconciler/resources/file.ts"
import { nginxMember } from "../reconciler/resources/nginx-member.ts"
import { groupKey, nginxKey, pathKey, unitKey, userKey } from "../reconciler/resources/place.ts"
import { unit } from "../reconciler/resources/unit.ts"
import type { PhpSpec } from "../spec/php.ts"
import { file } from "./encode/text.ts"
import { accountLayout, phpLayout, platform, upstreamLayout } from "./layout.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { extensionsOf } from "./php/extensions.ts"
import { phpIni } from "./php/ini.ts"
import { pool } from "./php/pool.ts"
import { upstream } from "./php/upstream.ts"
import { slowLogRotation } from "./rotation.ts"
import { ownerOf, restsWith } from "./suspension.ts"

export const php = guarded<PhpSpec>("Php", ({ name, spec }, context) => {
  const { facts } = context
  const account = ownerOf(context, spec.account)
  if (account === undefined) return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  const installed = facts.php.find(({ version }) => version === spec.version)
  if (installed === undefined) return versionAbsent(spec, facts)
  const { load, unknown } = extensionsOf(installed.extensions, spec.extensions)
  const rests = restsWith(account)
  // A mistake in a record keeps nothing running that is to rest.
  if (unknown.length > 0 && rests === undefined)
    return stalled(
      "ExtensionAbsent",
      `PHP ${spec.version} of this node has no extension ${unknown.join(", ")}.`,
      `Install it, or take it out of spec.extensions. Present are ${installed.extensions.toSorted().join(", ")}.`,
    )

  const layout = phpLayout(spec.account, spec.version)
  const owner = accountLayout(spec.account)
  const attributes = { owner: "root", group: owner.name, mode: 0o640 }
  // A reload starts what does not run.
  const reload: ReadonlyArray<Activation> =
    rests === undefined ? [{ kind: "unit", name: layout.unit, action: "reload" }] : []
  const after = [pathKey(layout.configuration), groupKey(owner.name)]
  const named = ["spec.account", "spec.version"]
  const all = [
    fileResource(
      layout.pool,
      { ...attributes, content: file(pool(spec, facts)) },
      { fields: [...named, "spec.pool"], after, activates: reload },
    ),
    fileResource(
      layout.ini,
      { ...attributes, content: file(phpIni(spec, load, facts)) },
      { fields: [...named, "spec.ini", "spec.extensions"], after, activates: reload },
    ),
    unit(
      layout.unit,
      { enabled: rests === undefined, active: rests === undefined },
      {
        fields: named,
        after: [
          pathKey(layout.unitFile),
          pathKey(layout.pool),
          pathKey(layout.ini),
          pathKey(owner.tmp),
          pathKey(owner.logs),
          userKey(owner.name),
        ],
      },
    ),
    ...(spec.pool.slowRequest === undefined || facts.host === "directory"
      ? []
      : [
          fileResource(
            layout.rotation,
            { owner: "root", group: "root", mode: 0o644, content: file(slowLogRotation(layout.slowLog, owner.name)) },
            { fields: [...named, "spec.pool"], after: [pathKey(platform.rotations)] },
          ),
        ]),
    nginxMember(
      upstreamLayout(name).member,
      { content: file(upstream(name, spec, facts)) },
      { fields: ["metadata.name", ...named], after: [nginxKey("nginx.conf"), unitKey(layout.unit)] },
    ),
  ]
  return resources(all, rests, cannotMail(facts))
})

/** What nobody would see otherwise: `mail()` only answers false. */
const cannotMail = ({ host, phpMail, sendmail }: Facts): ReadonlyArray<string> =>
  host === "directory" || phpMail
    ? []
    : [
        sendmail
          ? `PHP's mail() sends nothing here: ${sendmail} has to gain rights, and nothing does in a site's sandbox. Install msmtp beside it.`
          : "PHP's mail() sends nothing here: this node has no mail server. Install one, and msmtp beside it.",
      ]

const versionAbsent = ({ version }: PhpSpec, facts: Facts) =>
  stalled(
    "PhpVersionAbsent",
    `This node has no PHP ${version}.`,
    facts.php.length === 0
      ? "Install php-fpm on the node."
      : `Install it, or choose one of those present: ${facts.php
          .map((present) => present.version)
          .toSorted()
          .join(", ")}.`,
  )
