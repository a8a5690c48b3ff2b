/**
 * Certificate: the pair of one site. That the site answers over HTTPS is the site's business, which is looked at again when
 * it gets one.
 *
 * The one thing to know before changing it: a certificate that does not fit its site is never written over one that does.
 */
import type { Facts } from "../reconciler/contract/facts.ts"
import {
  certificate as certificateResource,
  type CertificateSpec as Pair,
} from "../reconciler/resources/certificate.ts"
import { pathKey } from "../reconciler/resources/place.ts"
import { type CertificateSpec, certificateFlaws, certifiedNames } from "../spec/certificate.ts"
import { isSealed } from "../spec/secret.ts"
import type { SiteSpec } from "../spec/site.ts"
import { pairText } from "../spec/x509.ts"
import * as to from "./encode/certificate.ts"
import { UnsafeValue } from "./encode/unsafe.ts"
import { platform, siteName, webGroup } from "./layout.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"

export const certificate = guarded<CertificateSpec>("Certificate", ({ spec }, { facts, lookup }) => {
  const site = lookup<SiteSpec>("Site", spec.site)
  if (site === undefined) return waiting("Site", spec.site, `There is no site ${spec.site} yet.`)
  if (facts.http.https === null && facts.host === "live")
    return stalled("NoHttps", "This node answers to no HTTPS.", "Give its Node record a port in spec.http.httpsPort.")
  const names = certifiedNames(site.spec).map(to.name)
  const [found] = certificateFlaws(spec, names)
  if (found !== undefined) return stalled("CertificateDoesNotFit", found.message, found.mend)
  const hook = hookOf(spec)
  if (hook !== null && !facts.acme.hooks.includes(hook))
    return stalled(
      "HookAbsent",
      `This node has no hook ${hook}; ${facts.acme.hooks.length === 0 ? "it has none" : `it has ${facts.acme.hooks.join(", ")}`}.`,
      "Put the program into /etc/plumbline/dns-hooks, owned by root, executable, and writable by nobody else.",
    )
  return resources([
    certificateResource(
      siteName(spec.site),
      { group: webGroup(facts), names, source: sourceOf(spec, names, hook, facts) },
      { fields: ["spec.site", "spec.issuer"], after: [pathKey(platform.pairs), pathKey(platform.challenges)] },
    ),
  ])
})

const hookOf = ({ issuer: { acme } }: CertificateSpec): string | null =>
  acme === undefined || acme.challenge === "http-01" ? null : to.hook(acme.challenge.dns01)

const sourceOf = (
  { issuer: { acme, uploaded } }: CertificateSpec,
  names: ReadonlyArray<string>,
  hook: string | null,
  facts: Facts,
): Pair["source"] => {
  if (uploaded !== undefined) {
    if (isSealed(uploaded.privateKey))
      throw new UnsafeValue("a private key", "a sealed value", "Give this node the key that it is sealed for.")
    const pair = pairText(uploaded.chain, uploaded.privateKey)
    if (pair === undefined)
      throw new UnsafeValue("a certificate", "what was uploaded", "Upload a chain and the key that belongs to it.")
    return { by: "upload", pair }
  }
  if (!facts.acme.orders) return { by: "nobody" }
  return {
    by: "order",
    wish: {
      names,
      directory: to.directory(acme?.directory ?? facts.acme.directory),
      email: acme?.email === undefined ? facts.acme.email : to.email(acme.email),
      trust: facts.acme.trust === null ? null : to.trust(facts.acme.trust),
      hook,
      addresses: facts.acme.addresses,
      group: webGroup(facts),
    },
  }
}
