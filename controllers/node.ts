/**
 * Node: what a host has once and for all accounts: the platform's folders, its nginx, the unit templates of PHP, the pages
 * for when a site has none.
 *
 * The one thing to know before changing it: the rest of the platform stands on these paths, so nothing here depends on a
 * record of another kind, and what holds data (logs, state) stays when the Node record goes.
 */
import type { Facts } from "../reconciler/contract/facts.ts"
import type { OnDelete, Resource } from "../reconciler/contract/resource.ts"
import { directory } from "../reconciler/resources/directory.ts"
import { file as fileResource } from "../reconciler/resources/file.ts"
import { nginxMember } from "../reconciler/resources/nginx-member.ts"
import { nginxKey, pathKey } from "../reconciler/resources/place.ts"
import { unit } from "../reconciler/resources/unit.ts"
import type { NodeSpec } from "../spec/node.ts"
import { backupsOfNode } from "./backups/node.ts"
import { runnerText } from "./cron/runner.ts"
import { cronEachUnit, cronUnit } from "./cron/units.ts"
import type { Nginx } from "./encode/nginx.ts"
import { file } from "./encode/text.ts"
import { type HostPath, phpPrograms, phpVersionLayout, platform, webGroup } from "./layout.ts"
import { reopenLogs } from "./logs.ts"
import { apartNotices } from "./node/apart.ts"
import { loopbackNotices, loopbackOfNode } from "./node/loopback.ts"
import { acmeLocation, nginxConf } from "./node/nginx-conf.ts"
import { pages } from "./node/pages.ts"
import { postgresqlOfNode } from "./node/postgresql.ts"
import { rotation, rotationTimer, rotationUnit } from "./node/rotation.ts"
import { sshOfNode } from "./node/ssh.ts"
import { nginxUnit, phpUnit } from "./node/units.ts"
import { guarded, resources } from "./outcome.ts"
import { programsIni } from "./php/ini.ts"
import { suspendedRules } from "./site/suspended.ts"

export const node = guarded<NodeSpec>("Node", ({ name, spec }, { facts }) =>
  resources(
    [
      ...folders(facts),
      ...shownPages,
      ...webServer(spec, facts),
      ...phpTemplates(facts),
      ...mailOfPrograms(name, facts),
      ...cronRunner,
      folder(platform.databases, 0o700),
      ...backupsOfNode(spec, facts),
      ...logRotation(facts),
      ...sshOfNode(facts),
      ...postgresqlOfNode(facts),
      ...loopbackOfNode(facts),
    ],
    undefined,
    [...loopbackNotices(facts), ...apartNotices(facts)],
  ),
)

const everyNode = { fields: ["metadata.name"] }
const public755 = { owner: "root", group: "root", mode: 0o755 }
const public644 = { owner: "root", group: "root", mode: 0o644 }

const folder = (path: HostPath, mode = 0o755, onDelete: OnDelete = "remove"): Resource =>
  directory(path, { owner: "root", group: "root", mode }, { ...everyNode, onDelete, after: above(path) })

const logFolder = (path: HostPath, mode: number, facts: Facts): Resource =>
  directory(
    path,
    { owner: "root", group: webGroup(facts), mode },
    { ...everyNode, onDelete: "retain", after: above(path), activates: reopenLogs(facts) },
  )

const webFolder = (path: HostPath, mode: number, facts: Facts, onDelete: OnDelete = "remove"): Resource =>
  directory(path, { owner: "root", group: webGroup(facts), mode }, { ...everyNode, onDelete, after: above(path) })

const above = (path: HostPath) => (parents.has(parentOf(path)) ? [pathKey(parentOf(path))] : [])

const parentOf = (path: HostPath): string => path.slice(0, path.lastIndexOf("/"))

const parents: ReadonlySet<string> = new Set([
  ...[platform.configuration, platform.nginx, platform.nginxLive, platform.nginxNext, platform.php],
  ...[platform.state, platform.nginxState, platform.logs, platform.acme],
])

const folders = (facts: Facts): ReadonlyArray<Resource> => [
  folder(platform.configuration),
  folder(platform.pages),
  folder(platform.php),
  folder(platform.nginx),
  ...[platform.nginxLive, platform.nginxNext].flatMap((tree) => [
    folder(tree),
    folder(`${tree}/php`),
    folder(`${tree}/sites`),
  ]),
  folder(platform.state, 0o755, "retain"),
  ...(["trash", "kept", "owed", "sql", "postgresql"] as const).map((name) =>
    folder(`${platform.state}/${name}`, 0o700, "retain"),
  ),
  folder(platform.nginxState, 0o755, "retain"),
  folder(platform.suspended, 0o700),
  folder(platform.notify, 0o700),
  // Both for nginx's workers alone.
  webFolder(platform.nginxCache, 0o710, facts),
  webFolder(platform.passwords, 0o750, facts),
  folder(platform.acme, 0o711, "retain"),
  ...["accounts", "wishes", "sites"].map((name) => folder(`${platform.acme}/${name}`, 0o700, "retain")),
  webFolder(platform.pairs, 0o710, facts, "retain"),
  webFolder(platform.challenges, 0o710, facts, "retain"),
  folder(platform.logs, 0o755, "retain"),
  // Workers open their logs anew as the web user; nobody else reads who visits whom.
  logFolder(platform.nginxLogs, 0o750, facts),
  logFolder(platform.siteLogs, 0o751, facts),
  logFolder(platform.traffic, 0o750, facts),
]

const shownPages: ReadonlyArray<Resource> = pages.map(({ content, file: name }) =>
  fileResource(
    `${platform.pages}/${name}`,
    { ...public644, content },
    { ...everyNode, after: [pathKey(platform.pages)] },
  ),
)

/** What vhosts include. */
const included = (path: HostPath, text: Nginx, needed: HostPath): Resource =>
  fileResource(
    path,
    { ...public644, content: file(text) },
    {
      ...everyNode,
      after: [...above(path), pathKey(needed)],
      activates: [{ kind: "nginx", member: "nginx.conf" }],
    },
  )

const webServer = (spec: NodeSpec, facts: Facts): ReadonlyArray<Resource> => [
  included(platform.acmeLocation, acmeLocation(facts), platform.challenges),
  included(platform.suspendedRules, suspendedRules(facts), platform.pages),
  nginxMember(
    "nginx.conf",
    { content: file(nginxConf(spec, facts)) },
    {
      fields: ["spec.http", ...(spec.trustedProxies.length === 0 ? [] : ["spec.trustedProxies"])],
      after: [
        ...[platform.nginxLive, platform.nginxNext].flatMap((tree) => [
          pathKey(tree),
          pathKey(`${tree}/php`),
          pathKey(`${tree}/sites`),
        ]),
        pathKey(platform.nginxState),
        pathKey(platform.nginxLogs),
        pathKey(platform.traffic),
        pathKey(platform.acmeLocation),
        pathKey(platform.suspendedRules),
        ...(facts.nginx === null ? [] : [pathKey(platform.nginxUnitFile)]),
      ],
    },
  ),
  ...(facts.nginx === null
    ? []
    : [
        fileResource(
          platform.nginxUnitFile,
          { ...public644, content: file(nginxUnit(facts.nginx.program, facts)) },
          { ...everyNode, activates: [{ kind: "daemon-reload" }] },
        ),
        unit(
          platform.nginxUnit,
          { enabled: true, active: true },
          { ...everyNode, after: [pathKey(platform.nginxUnitFile), nginxKey("nginx.conf")] },
        ),
      ]),
]

const phpTemplates = (facts: Facts): ReadonlyArray<Resource> =>
  facts.php.flatMap((installed) => {
    const { configuration, unitFile } = phpVersionLayout(installed.version)
    return [
      directory(configuration, public755, { ...everyNode, after: [pathKey(platform.php)] }),
      fileResource(
        unitFile,
        { ...public644, content: file(phpUnit(installed, facts)) },
        { ...everyNode, activates: [{ kind: "daemon-reload" }] },
      ),
    ]
  })

const mailOfPrograms = (node: string, { host, phpMail }: Facts): ReadonlyArray<Resource> =>
  host === "directory" || !phpMail
    ? []
    : [
        directory(phpPrograms.folder, public755, everyNode),
        fileResource(
          phpPrograms.mail,
          { ...public644, content: file(programsIni(phpMail, node)) },
          { ...everyNode, after: [pathKey(phpPrograms.folder)] },
        ),
      ]

const cronRunner: ReadonlyArray<Resource> = [
  folder(platform.cron, 0o700),
  fileResource(
    platform.runner,
    { ...public755, content: runnerText() },
    { ...everyNode, after: above(platform.runner) },
  ),
  ...(
    [
      [platform.cronUnitFile, cronUnit()],
      [platform.cronEachUnitFile, cronEachUnit()],
    ] as const
  ).map(([path, text]) =>
    fileResource(path, { ...public644, content: file(text) }, { ...everyNode, activates: [{ kind: "daemon-reload" }] }),
  ),
]

// Nobody runs logrotate on a folder.
const logRotation = (facts: Facts): ReadonlyArray<Resource> =>
  facts.host === "directory"
    ? []
    : [
        folder(platform.rotations),
        fileResource(
          platform.logrotate,
          { ...public644, content: file(rotation()) },
          { ...everyNode, after: above(platform.logrotate) },
        ),
        fileResource(
          platform.rotationUnitFile,
          { ...public644, content: file(rotationUnit()) },
          { ...everyNode, activates: [{ kind: "daemon-reload" }] },
        ),
        fileResource(
          platform.rotationTimerFile,
          { ...public644, content: file(rotationTimer()) },
          {
            ...everyNode,
            activates: [{ kind: "daemon-reload" }, { kind: "unit", name: platform.rotationTimer, action: "restart" }],
          },
        ),
        unit(
          platform.rotationTimer,
          { enabled: true, active: true },
          { ...everyNode, after: [pathKey(platform.rotationUnitFile), pathKey(platform.rotationTimerFile)] },
        ),
      ]
