/**
 * Certificate: what a site shows to browsers over HTTPS, ordered from an authority (ACME) or brought along.
 *
 * The one thing to know before changing it: a record holds no private key but one that somebody uploaded. What is made for
 * an order is made on the host and stays there.
 */
import * as Schema from "effect/Schema"
import { ContactEmail, DirectoryUrl, HookName } from "./acme.ts"
import { isWildcard } from "./domain.ts"
import { explained, type FlawAt, flaw, ruleAcross, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { RecordName } from "./names.ts"
import { secret } from "./secret.ts"
import { type SiteSpec, servedNames } from "./site.ts"
import { belongTogether, Chain, certificatesOf, PrivateKey, uncovered, validUntil } from "./x509.ts"

const Acme = Schema.Struct({
  directory: Schema.optionalKey(
    DirectoryUrl.pipe(
      explained("The ACME server. Left out: the node's, which is Let's Encrypt unless it says otherwise."),
    ),
  ),
  email: Schema.optionalKey(ContactEmail.pipe(explained("Whom the authority writes to. Left out: the node's."))),
  challenge: Schema.Union([
    Schema.Literal("http-01"),
    Schema.Struct({ dns01: HookName.pipe(explained("The program that sets records in the DNS.")) }),
  ]).pipe(
    explained("How the authority is shown whose the names are: by a page on port 80, or by a record in the DNS."),
    withDefault("http-01"),
  ),
})

const Uploaded = Schema.Struct({
  chain: Chain.pipe(explained("The certificate and those that lead to its authority, as PEM.")),
  privateKey: secret(PrivateKey).pipe(explained("Its private key, as PEM without a passphrase.")),
}).check(
  ruleAcross<{ readonly chain: string; readonly privateKey: unknown }>(({ chain, privateKey }) =>
    typeof privateKey !== "string" || belongTogether(chain, privateKey)
      ? []
      : [
          {
            path: ["privateKey"],
            ...flaw("This is not the key of the certificate.", "Give the key that the certificate was asked for with."),
          },
        ],
  ),
)

const Issuer = Schema.Struct({
  acme: Schema.optionalKey(
    Acme.pipe(explained("An ACME server, such as Let's Encrypt: ordered and renewed by itself.")),
  ),
  uploaded: Schema.optionalKey(Uploaded.pipe(explained("Yourself: a certificate that was bought elsewhere."))),
}).check(
  ruleAcross<{ readonly acme?: unknown; readonly uploaded?: unknown }>(
    ({ acme, uploaded }): ReadonlyArray<FlawAt> =>
      (acme === undefined) === (uploaded === undefined)
        ? [{ path: [], ...flaw("One issuer has to be given.", "Write acme or uploaded, one of the two.") }]
        : [],
  ),
)

export const CertificateSpec = Schema.Struct({
  site: RecordName.pipe(explained("The Site that it is for, with all names that the site answers to.")),
  issuer: Issuer.pipe(
    explained("Who issues it: an ACME server, or somebody who gave it to you."),
    withDefault({ acme: {} }),
  ),
})
export type CertificateSpec = typeof CertificateSpec.Type

/** RFC 8555 sets no limit; Let's Encrypt does. */
const mostNames = 100

/** The names of a site, each once. */
export const certifiedNames = (site: SiteSpec): ReadonlyArray<string> => [
  ...new Set(servedNames(site).map(({ name }) => name)),
]

/** What keeps the certificate from being one for these names. */
export const certificateFlaws = (spec: CertificateSpec, names: ReadonlyArray<string>) => {
  const { acme, uploaded } = spec.issuer
  const wildcard = names.find(isWildcard)
  if (acme !== undefined) {
    if (wildcard !== undefined && acme.challenge === "http-01")
      return [
        {
          field: "spec.issuer.acme.challenge",
          ...flaw(
            `http-01 cannot prove whose ${wildcard} is.`,
            "Use dns01 with a hook of the node, or remove the wildcard.",
          ),
        },
      ]
    return names.length > mostNames
      ? [
          {
            field: "spec.site",
            ...flaw(`The site has ${names.length} names.`, `A certificate holds at most ${mostNames}: split the site.`),
          },
        ]
      : []
  }
  const [own] = certificatesOf(uploaded?.chain ?? "") ?? []
  const missing = own === undefined ? [] : uncovered(own, names)
  return missing.length === 0
    ? []
    : [
        {
          field: "spec.issuer.uploaded.chain",
          ...flaw(
            `The certificate is not for ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}.`,
            "Use one for all names of the site, or remove those from the site.",
          ),
        },
      ]
}

/** When an uploaded certificate ends, in milliseconds since 1970. */
export const endOf = ({ issuer: { uploaded } }: CertificateSpec): number | undefined => {
  const [own] = uploaded === undefined ? [] : (certificatesOf(uploaded.chain) ?? [])
  return own && validUntil(own)
}

export const Certificate = defineKind({
  kind: "Certificate",
  description: "What a site shows to browsers over HTTPS.",
  name: RecordName,
  spec: CertificateSpec,
  references: (spec) => [{ kind: "Site", name: spec.site, field: "spec.site", concerned: true }],
  claims: (_name, spec) => [{ key: `certificate of the site:${spec.site}`, field: "spec.site" }],
  secrets: (spec) =>
    spec.issuer.uploaded === undefined ? [] : [{ path: ["issuer", "uploaded", "privateKey"], label: "privateKey" }],
  beside: (spec, { lookup, now }) => {
    const site = lookup<SiteSpec>("Site", spec.site)
    const end = endOf(spec)
    return [
      ...(site === undefined ? [] : certificateFlaws(spec, certifiedNames(site))),
      ...(end !== undefined && now !== undefined && end <= now
        ? [
            {
              field: "spec.issuer.uploaded.chain",
              ...flaw(`The certificate ended on ${new Date(end).toISOString()}.`, "Upload one that is valid."),
            },
          ]
        : []),
    ]
  },
})
