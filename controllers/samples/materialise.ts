/**
 * Rendered resources as a tree below a folder, for tests that let the real programs read them.
 *
 * The one thing to know before changing it: it stands in for a directory host of the reconciler in as few lines as possible;
 * owners, order and activations are the reconciler's business and are not tried here.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import type { Resource } from "../../reconciler/contract/resource.ts"

const contentOf = (spec: unknown): string | undefined =>
  typeof spec === "object" && spec !== null && "content" in spec && typeof spec.content === "string"
    ? spec.content
    : undefined

export const materialise = (root: string, resources: ReadonlyArray<Resource>): void => {
  for (const { id, kind, spec } of resources) {
    if (kind === "directory" || kind === "tenant-directory") fs.mkdirSync(join(root, id), { recursive: true })
    const content = contentOf(spec)
    if (content === undefined) continue
    const path = join(root, kind === "nginx-member" ? `/etc/plumbline/nginx/live/${id}` : id)
    fs.mkdirSync(dirname(path), { recursive: true })
    fs.writeFileSync(path, content)
  }
}
