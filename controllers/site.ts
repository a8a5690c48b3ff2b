/**
 * Site: the folders of one site, its logs and its vhost.
 *
 * The one thing to know before changing it: a site says `fastcgi_pass php_NAME` and nothing else about PHP. Which version and
 * which socket that is, is the Php record's business, so that a switch of version leaves every site untouched.
 */
import { directory } from "../reconciler/resources/directory.ts"
import { nginxMember } from "../reconciler/resources/nginx-member.ts"
import { nginxKey, pathKey, userKey } from "../reconciler/resources/place.ts"
import { tenantDirectory } from "../reconciler/resources/tenant-directory.ts"
import type { AccountSpec } from "../spec/account.ts"
import type { PhpSpec } from "../spec/php.ts"
import type { SiteSpec } from "../spec/site.ts"
import { file } from "./encode/text.ts"
import { accountLayout, platform, siteLayout, upstreamLayout, webGroup } from "./layout.ts"
import { reopenLogs } from "./logs.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { vhost } from "./site/vhost.ts"

export const site = guarded<SiteSpec>("Site", ({ name, spec }, { facts, lookup }) => {
  if (lookup<AccountSpec>("Account", spec.account) === undefined)
    return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  // A suspended site answers with a page of the platform's, whatever has become of its PHP.
  const wanted = spec.suspended ? undefined : spec.php
  const php = wanted === undefined ? undefined : lookup<PhpSpec>("Php", wanted)
  if (wanted !== undefined && php === undefined) return waiting("Php", wanted, `There is no Php record ${wanted} yet.`)
  if (php !== undefined && php.spec.account !== spec.account)
    return stalled(
      "PhpOfAnotherAccount",
      `Php ${php.name} runs as ${php.spec.account}, and this site belongs to ${spec.account}.`,
      `Name a Php record of ${spec.account} in spec.php, or leave it out.`,
    )

  const layout = siteLayout(name, spec.account, spec.documentRoot)
  const owner = accountLayout(spec.account)
  const group = webGroup(facts)
  const inTree = { fields: ["spec.account", "metadata.name"], after: [pathKey(owner.sites), userKey(owner.name)] }
  const inside = [...inTree.fields, "spec.documentRoot"]
  const deeper = layout.documentRoot !== layout.tenantRoot
  return resources([
    // What the customer uploaded goes to the trash with the folder around it, all at once.
    directory(layout.tree, { owner: "root", group: owner.name, mode: 0o751 }, { ...inTree, onDelete: "trash" }),
    directory(
      layout.tenantRoot,
      { owner: owner.name, group, mode: 0o2750 },
      { fields: inside, after: [pathKey(layout.tree), userKey(owner.name)], onDelete: "retain" },
    ),
    ...(deeper
      ? [
          tenantDirectory(
            layout.documentRoot,
            { user: owner.name, mode: 0o750 },
            { fields: inside, after: [pathKey(layout.tenantRoot)], onDelete: "retain" },
          ),
        ]
      : []),
    // Whoever has a site of this name next must not find the visitors of this one.
    directory(
      layout.logs,
      { owner: "root", group, mode: 0o750 },
      {
        fields: ["metadata.name"],
        after: [pathKey(platform.siteLogs)],
        onDelete: "trash",
        activates: reopenLogs(facts),
      },
    ),
    nginxMember(
      layout.member,
      {
        content: file(
          vhost({ spec, layout, facts, php: php === undefined ? undefined : { name: php.name, spec: php.spec } }),
        ),
      },
      {
        fields: ["metadata.name", ...fieldsOfVhost(spec)],
        after: [
          nginxKey("nginx.conf"),
          pathKey(layout.logs),
          pathKey(layout.documentRoot),
          ...(php === undefined ? [] : [nginxKey(upstreamLayout(php.name).member)]),
        ],
      },
    ),
  ])
})

/** The fields that leave a trace in the vhost. Of a suspended site that is its names alone. */
const fieldsOfVhost = (spec: SiteSpec): ReadonlyArray<string> => [
  "spec.domains",
  ...(spec.aliases.length === 0 ? [] : ["spec.aliases"]),
  "spec.suspended",
  ...(spec.suspended ? ["spec.redirects.www"] : fieldsOfContent(spec)),
]

const fieldsOfContent = (spec: SiteSpec): ReadonlyArray<string> => [
  "spec.redirects",
  ...(spec.php === undefined ? [] : ["spec.php"]),
  "spec.account",
  "spec.documentRoot",
  "spec.indexFiles",
  ...(Object.keys(spec.errorPages).length === 0 ? [] : ["spec.errorPages"]),
  "spec.maxUpload",
]
