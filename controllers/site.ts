/**
 * Site: the folders of one site, its logs and its vhost.
 *
 * The one thing to know before changing it: a site says `fastcgi_pass php_NAME` and nothing else about PHP. Which version and
 * which socket that is, is the Php record's business, so that a switch of version leaves every site untouched.
 */
import type { Rests } from "../reconciler/contract/controller.ts"
import type { Facts } from "../reconciler/contract/facts.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { directory } from "../reconciler/resources/directory.ts"
import { file as fileResource } from "../reconciler/resources/file.ts"
import { nginxMember } from "../reconciler/resources/nginx-member.ts"
import { groupKey, nginxKey, pathKey, userKey } from "../reconciler/resources/place.ts"
import { tenantDirectory } from "../reconciler/resources/tenant-directory.ts"
import type { CertificateSpec } from "../spec/certificate.ts"
import type { PhpSpec } from "../spec/php.ts"
import type { SiteSpec } from "../spec/site.ts"
import { htpasswd, visitor } from "./encode/htpasswd.ts"
import { file } from "./encode/text.ts"
import { accountLayout, platform, siteLayout, upstreamLayout, webGroup } from "./layout.ts"
import { reopenLogs } from "./logs.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { siteRotation } from "./rotation.ts"
import { vhost } from "./site/vhost.ts"
import { ownerOf, restsWith } from "./suspension.ts"

export const site = guarded<SiteSpec>("Site", ({ name, spec: written }, context) => {
  const { concerning, facts, lookup } = context
  const account = ownerOf(context, written.account)
  if (account === undefined) return waiting("Account", written.account, `There is no account ${written.account} yet.`)
  const spec = account.spec.suspended ? { ...written, suspended: true } : written
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

  const secure = concerning<CertificateSpec>("Certificate").length > 0
  const layout = siteLayout(name, spec.account, spec.documentRoot)
  const owner = accountLayout(spec.account)
  const group = webGroup(facts)
  const inTree = { fields: ["spec.account", "metadata.name"], after: [pathKey(owner.sites), userKey(owner.name)] }
  const inside = [...inTree.fields, "spec.documentRoot"]
  const deeper = layout.documentRoot !== layout.tenantRoot
  const all = [
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
    // The account reads its logs and changes nothing. New files get the folder's group (setgid), and nginx's workers, which
    // open them anew after a rotation, pass through as others do: with root's folder, no link can lead them elsewhere.
    // Whoever has a site of this name next must not find the visitors of this one.
    directory(
      layout.logs,
      { owner: "root", group: owner.name, mode: 0o2751 },
      {
        fields: ["metadata.name", "spec.account"],
        after: [pathKey(platform.siteLogs), groupKey(owner.name)],
        onDelete: "trash",
        activates: reopenLogs(facts),
      },
    ),
    ...rotation(layout, spec, facts),
    ...passwords(layout, spec, facts),
    ...cacheFolder(layout, spec, facts),
    nginxMember(
      layout.member,
      {
        content: file(
          vhost({
            spec,
            layout,
            facts,
            secure,
            php: php === undefined ? undefined : { name: php.name, spec: php.spec },
          }),
        ),
      },
      {
        fields: ["metadata.name", ...fieldsOfVhost(spec)],
        after: [
          nginxKey("nginx.conf"),
          pathKey(layout.logs),
          pathKey(layout.documentRoot),
          ...spec.protect.map(({ path }) => pathKey(layout.passwords(path))),
          ...cacheFolder(layout, spec, facts).map(({ id }) => pathKey(id)),
          ...(php === undefined ? [] : [nginxKey(upstreamLayout(php.name).member)]),
        ],
      },
    ),
  ]
  return resources(all, restsWith(account) ?? (spec.suspended ? suspendedAlone : undefined))
})

const suspendedAlone: Rests = { reason: "Suspended", message: "The site is suspended." }

type Layout = ReturnType<typeof siteLayout>

// Nobody runs logrotate on a folder.
const rotation = (layout: Layout, { logs }: SiteSpec, facts: Facts): ReadonlyArray<Resource> =>
  facts.host === "directory"
    ? []
    : [
        fileResource(
          layout.rotation,
          { owner: "root", group: "root", mode: 0o644, content: file(siteRotation(layout.logs, logs.days)) },
          { fields: ["metadata.name", "spec.logs"], after: [pathKey(platform.rotations)] },
        ),
      ]

// nginx reads them with every request, so a new password needs no reload.
const passwords = (layout: Layout, { protect }: SiteSpec, facts: Facts): ReadonlyArray<Resource> =>
  protect.map(({ path, users }) =>
    fileResource(
      layout.passwords(path),
      {
        ...{ owner: "root", group: webGroup(facts), mode: 0o640, secret: true },
        content: users.length === 0 ? "" : file(htpasswd`${users.map(visitor)}`),
      },
      { fields: ["metadata.name", "spec.protect"], after: [pathKey(platform.passwords)] },
    ),
  )

// nginx makes it the web user's own, whatever it was.
const cacheFolder = (layout: Layout, { cache, php }: SiteSpec, facts: Facts): ReadonlyArray<Resource> =>
  cache === undefined || php === undefined
    ? []
    : [
        directory(
          layout.cache,
          { owner: webGroup(facts), group: webGroup(facts), mode: 0o700 },
          { fields: ["metadata.name", "spec.cache"], after: [pathKey(platform.nginxCache)] },
        ),
      ]

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
  "spec.protect",
  "spec.access",
  "spec.limits",
  "spec.securityHeaders",
  "spec.headers",
  "spec.compression",
  "spec.noPhp",
  ...(spec.cache === undefined ? [] : ["spec.cache"]),
  ...(spec.tls.hsts === undefined && spec.tls.minimumVersion === "1.2" ? [] : ["spec.tls"]),
]
