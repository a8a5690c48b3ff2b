// Completes package-lock.json after a dependency was added or updated: `npm install --package-lock-only && npm run lockfile`.
//
// Tools with a program for each platform name all of them as optional dependencies. Where a registry lacks one, npm leaves
// it out of the lockfile, and `npm ci` then refuses that same lockfile, on every machine. Such a package is always pinned
// to one version, and its name says the platform, so the entry can be written without having it.
import { readFileSync, writeFileSync } from "node:fs"

const file = new URL("../package-lock.json", import.meta.url)
const lock = JSON.parse(readFileSync(file, "utf8"))

/** Where Node would find `name` from the package at `path`: in its own node_modules, or in one further out. */
const resolves = (path, name) => {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in lock.packages) return true
    if (folder === "") return false
  }
}

const platform = (name) => {
  const words = name.split(/[-/]/)
  const os = words.find((word) => ["android", "darwin", "freebsd", "linux", "openharmony", "win32"].includes(word))
  const cpu = words.find((word) => ["x64", "ia32", "arm", "arm64", "ppc64", "riscv64", "s390x"].includes(word))
  const musl = words.some((word) => word.startsWith("musl"))
  const gnu = words.some((word) => word.startsWith("gnu"))
  return os && cpu && { cpu: [cpu], os: [os], ...(musl ? { libc: ["musl"] } : gnu ? { libc: ["glibc"] } : {}) }
}

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (resolves(path, name)) continue
    const where = platform(name)
    if (!where || !/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${path} wants ${name} ${version}: add it by hand.`)
    lock.packages[`node_modules/${name}`] = { version, ...(dev ? { dev } : {}), optional: true, ...where }
    console.log(`added ${name} ${version}`)
  }
}

const byPath = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
lock.packages = Object.fromEntries(byPath)
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
