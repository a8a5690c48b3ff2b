// Where certificates and the answers to challenges stand: nginx's workers read them, and nobody else.

import type { HostPath } from "../host/path.ts"
import { acmeFolder, acmeSitesFolder, acmeWishesFolder } from "../host/state-folders.ts"

export const pairsFolder: HostPath = "/var/lib/plumbline/certificates"
export const challenges: HostPath = `${acmeFolder}/http-01`

/** A site's certificate, those that lead to its authority, and its key: one file, so that a worker meets no mixture. */
export const pairOf = (site: string): HostPath => `${pairsFolder}/${site}.pem`
/** What is to be ordered for a site. */
export const wishOf = (site: string): HostPath => `${acmeWishesFolder}/${site}.json`
/** How far that has come. */
export const progressOf = (site: string): HostPath => `${acmeSitesFolder}/${site}.json`
/** The key of the next certificate, which is that of the present one for a year. */
export const orderKeyOf = (site: string): HostPath => `${acmeSitesFolder}/${site}.key`
