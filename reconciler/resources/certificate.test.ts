import { describe, expect, it } from "vitest"
import { namesKey, type Wish } from "../acme/wish.ts"
import { conditionsOf } from "../conditions.ts"
import { type CertificateSpec, certificateType, type SeenCertificate } from "./certificate.ts"

const wish = { names: ["shop.example.org"], directory: "https://acme.example.org/" } as unknown as Wish
const ordered = { group: "www-data", names: wish.names, source: { by: "order", wish } } as CertificateSpec
const failure = { atMillis: 2, names: namesKey(wish.names), reason: "NamePointsElsewhere", message: "It does." }
const seen = (progress: object) => ({ site: "shop", progress, nowMillis: 3 }) as unknown as SeenCertificate
const issued = (atMillis: number) => ({ fingerprint: "f", directory: wish.directory, atMillis })

describe("a certificate that is there", () => {
  it("warns while its renewal fails, and no longer once one has gone well, nor where nobody orders it", () => {
    const warns = (progress: object, spec = ordered) => certificateType.warns?.(spec, seen(progress))
    expect(warns({ failures: [failure], issued: issued(1) })).toBe("RenewalFailed")
    expect(warns({ failures: [failure], issued: issued(2) })).toBeUndefined()
    expect(warns({ failures: [], issued: issued(1) })).toBeUndefined()
    const uploaded: CertificateSpec = { ...ordered, source: { by: "upload", pair: "" } }
    expect(warns({ failures: [failure], issued: issued(1) }, uploaded)).toBeUndefined()
  })

  it("is ready all the same, with the warning as the reason", () => {
    const [ready] = conditionsOf({ outcome: "converged", resources: 1, warning: "RenewalFailed" }, undefined, "now")
    expect(ready).toMatchObject({ type: "Ready", status: "True", reason: "RenewalFailed" })
  })
})
