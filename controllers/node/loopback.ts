/**
 * What accounts reach on the host's own addresses: what the host itself offers there (MariaDB, mail, the resolver) and what
 * they listen on themselves, but nothing that another account does. All accounts share one network, which tells them
 * apart by the user that a socket was opened by.
 *
 * The one thing to know before changing it: who listens is known only once it answers. A connection that an account begins is
 * therefore written down with its user, and the answer is let through when it comes from that user or from the system; any
 * other is dropped, and the second attempt (a second later) is refused. What cannot be written down is dropped at once, so that
 * full sets close and never open. Datagrams have no such answer: accounts reach the ports below 1024, which none of them can
 * open. No connection tracking: it would be switched on for every packet of the host. nft(8).
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { Resource } from "../../reconciler/contract/resource.ts"
import { directory } from "../../reconciler/resources/directory.ts"
import { file as fileResource } from "../../reconciler/resources/file.ts"
import { packetFilter } from "../../reconciler/resources/packet-filter.ts"
import { pathKey } from "../../reconciler/resources/place.ts"
import { unit as unitResource } from "../../reconciler/resources/unit.ts"
import { accountUids } from "../../spec/names.ts"
import * as nft from "../encode/nftables.ts"
import { nftables } from "../encode/nftables.ts"
import { file, type Text } from "../encode/text.ts"
import * as to from "../encode/unit.ts"
import { unit } from "../encode/unit.ts"
import { platform } from "../layout.ts"

const accounts = nft.uids(accountUids.first, accountUids.last)
const name = nft.table(platform.loopbackTable)

interface Version {
  readonly v: Text<"nftables">
  readonly address: Text<"nftables">
  readonly ip: Text<"nftables">
}

const versions: ReadonlyArray<Version> = [
  { v: nftables`4`, address: nftables`ipv4_addr`, ip: nftables`ip` },
  { v: nftables`6`, address: nftables`ipv6_addr`, ip: nftables`ip6` },
]

/** An answer comes at once or never; a refused one is sent again for up to a minute (tcp_synack_retries, tcp(7)). */
const sets = ({ address, v }: Version) => nftables`
  set begun${v} {
    type ${address} . inet_service . ${address} . inet_service . uid
    size 262144
    flags dynamic,timeout
    timeout 10s
  }
  set known${v} {
    type ${address} . inet_service . ${address} . inet_service
    size 262144
    flags dynamic,timeout
    timeout 2m
  }
  set refused${v} {
    type ${address} . inet_service . ${address} . inet_service
    size 262144
    flags dynamic,timeout
    timeout 2m
  }
`

const chains = ({ ip, v }: Version) => {
  const asked = nftables`${ip} saddr . tcp sport . ${ip} daddr . tcp dport`
  const answered = nftables`${ip} daddr . tcp dport . ${ip} saddr . tcp sport`
  return nftables`
    chain begin${v} {
      ${asked} @refused${v} ${asked} . meta skuid @begun${v} reject with tcp reset
      update @begun${v} { ${asked} . meta skuid } update @known${v} { ${asked} } delete @refused${v} { ${asked} } accept
      drop
    }
    chain answer${v} {
      ${answered} @refused${v} drop
      ${answered} != @known${v} accept
      meta skuid != ${accounts} delete @known${v} { ${answered} } accept
      ${answered} . meta skuid @begun${v} delete @known${v} { ${answered} } accept
      add @refused${v} { ${answered} } delete @known${v} { ${answered} } drop
      drop
    }
  `
}

export const loopbackRules = (): Text<"nftables"> => nftables`
  table inet ${name} {
    set often {
      type uid
      size 65535
      flags dynamic,timeout
      timeout 1m
    }
    ${versions.map(sets)}
    ${versions.map(chains)}
    chain begin {
      update @often { meta skuid limit rate over 1000/second burst 2000 packets } reject with tcp reset
      meta nfproto ipv4 goto begin4
      goto begin6
    }
    chain account {
      tcp flags & (syn | ack) == syn goto begin
      meta l4proto { tcp, icmp, ipv6-icmp } accept
      udp dport 1-1023 accept
      reject
    }
    chain output {
      type filter hook output priority filter; policy accept;
      oifname != "lo" accept
      meta nfproto ipv4 tcp flags & (syn | ack) == (syn | ack) goto answer4
      meta nfproto ipv6 tcp flags & (syn | ack) == (syn | ack) goto answer6
      meta skuid ${accounts} goto account
    }
  }
`

/** In the place of the one that is there: `add` makes one, so that there is always one to delete. */
const loopbackFile = () => nftables`
  add table inet ${name}
  delete table inet ${name}
  ${loopbackRules()}
`

/** Before any network is up, and after what Debian's own rules begin with: `flush ruleset`. */
const loopbackUnit = (program: string): to.Unit => unit`
  [Unit]
  Description=What accounts of Plumbline may reach on this host's own addresses
  DefaultDependencies=no
  After=local-fs.target nftables.service
  Before=network-pre.target shutdown.target
  Wants=network-pre.target
  Conflicts=shutdown.target

  [Service]
  Type=oneshot
  RemainAfterExit=yes
  ExecStart=${to.path(program)} --file ${to.path(platform.loopbackFilter)}
  ProtectSystem=strict
  ProtectHome=yes
  PrivateDevices=yes

  [Install]
  WantedBy=multi-user.target
`

const everyNode = { fields: ["metadata.name"] }
const root644 = { owner: "root", group: "root", mode: 0o644 }

export const loopbackOfNode = ({ host, nftables: program }: Facts): ReadonlyArray<Resource> => {
  if (host === "directory" || !program) return []
  const rules = file(loopbackRules())
  return [
    directory(
      platform.filters,
      { owner: "root", group: "root", mode: 0o755 },
      { ...everyNode, after: [pathKey(platform.configuration)] },
    ),
    fileResource(
      platform.loopbackFilter,
      { ...root644, content: file(loopbackFile()) },
      { ...everyNode, after: [pathKey(platform.filters)] },
    ),
    fileResource(
      platform.loopbackUnitFile,
      { ...root644, content: file(loopbackUnit(program)) },
      { ...everyNode, activates: [{ kind: "daemon-reload" }] },
    ),
    unitResource(
      platform.loopbackUnit,
      { enabled: true, active: true },
      { ...everyNode, after: [pathKey(platform.loopbackUnitFile), pathKey(platform.loopbackFilter)] },
    ),
    packetFilter(platform.loopbackTable, { rules }, { ...everyNode, after: [pathKey(platform.loopbackFilter)] }),
  ]
}

export const loopbackNotices = ({ host, nftables: program }: Facts): ReadonlyArray<string> =>
  host === "directory" || program
    ? []
    : [
        "What an account listens on at 127.0.0.1 and ::1 can be reached by the others: this host filters no packets. Install nftables (apt-get install nftables).",
      ]
