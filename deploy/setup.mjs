// Runs before `npm start` and `npm test`, on the system's Node and before anything is installed: so nothing here may need
// more than Node 18 or any dependency. It installs what is missing, and touches nothing else.
//
//     node deploy/setup.mjs          node_modules, as the lockfile says
//     node deploy/setup.mjs --test   and, as root on Debian, the packages that the tests need
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { delimiter, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wantedNode = 24

// `have` is the program, or the file, that shows that a package is there already.
const testPackages = JSON.parse(readFileSync(new URL("test-packages.json", import.meta.url), "utf8"))

const say = (text) => console.log(`setup: ${text}`)

const stop = (problem, mend) => {
  console.error(`\nsetup: ${problem}\n       ${mend}\n`)
  process.exit(1)
}

const checkMachine = () => {
  const [major = 0] = process.versions.node.split(".").map(Number)
  if (major < 20)
    stop(
      `This is Node ${process.versions.node}; Plumbline needs Node 20 or newer to install itself.`,
      "On Debian 12, a newer one is in the nodesource.com repository, or at nodejs.org/download.",
    )
  if (process.platform !== "linux")
    stop(
      `This is ${process.platform}; Plumbline runs on Linux.`,
      "Debian 12 is what it is made for; a virtual machine does.",
    )
  if (!["x64", "arm64"].includes(process.arch))
    stop(
      `This is a ${process.arch} processor; the database and the Node that Plumbline brings exist for x64 and arm64.`,
      "Use such a machine.",
    )
}

/** npm leaves the lockfile of what it installed in node_modules; when ours is newer, something was added or updated. */
const isInstalled = () => {
  const installed = join(root, "node_modules", ".package-lock.json")
  if (!existsSync(installed) || !existsSync(join(root, "node_modules", ".bin", "node"))) return false
  if (statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs) return true
  return samePackages(installed)
}

/** A checkout gives the lockfile a new time without a new content, so look before installing again. */
const samePackages = (installed) => {
  const read = (file) => JSON.parse(readFileSync(file, "utf8")).packages ?? {}
  try {
    const have = read(installed)
    const want = read(join(root, "package-lock.json"))
    return Object.entries(want).every(
      ([path, entry]) => path === "" || entry.optional || entry.version === have[path]?.version,
    )
  } catch {
    return false
  }
}

const install = () => {
  say("installing the packages of package-lock.json into node_modules (npm ci) ...")
  // No install script is needed, so none is run. The system's Node may be older than what some packages ask for; they run
  // on the Node 24 that comes with them, so the warnings about it would mislead.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
  // The npm that started us, on the Node that it runs on: `npm` from PATH could run on the Node that it is about to replace.
  const path = process.env.npm_execpath
  const npm = path === undefined ? run("npm", args) : run(process.execPath, [path, ...args])
  if (npm.error)
    stop("npm was not found.", "Install it: on Debian `apt-get install npm`, or with Node itself from nodejs.org.")
  if (npm.status !== 0)
    stop(
      "npm ci did not succeed; its own words are above.",
      "Mostly the package registry cannot be reached: look at the network, the proxy (HTTPS_PROXY) and `npm config get registry`, then try again. Nothing else was changed.",
    )
}

const checkNode = () => {
  const node = join(root, "node_modules", ".bin", "node")
  const { stdout, status } = spawnSync(node, ["--version"], { encoding: "utf8" })
  if (status === 0 && stdout.startsWith(`v${wantedNode}.`)) return
  stop(
    `Plumbline runs on Node ${wantedNode} from node_modules/.bin/node, and that one ${status === 0 ? `is ${stdout.trim()}` : "does not run here"}.`,
    "Remove node_modules and try again, without --omit=optional and with a C library as on Debian (not musl).",
  )
}

const installForTests = () => {
  const missing = testPackages.filter(({ have }) => !isThere(have))
  if (missing.length === 0) return
  const names = missing.map((one) => one.package)
  const leftOut = `what needs ${names.join(", ")} will be left out of the tests`
  if (!isDebian()) return say(`this is not Debian: ${leftOut}.`)
  if (process.geteuid?.() !== 0) return say(`this is not root: ${leftOut}.`)
  say("installing from Debian what the tests need (apt-get):")
  for (const one of missing) console.log(`         ${one.package.padEnd(18)} ${one.why}`)
  const done = aptInstall(names) || (run("apt-get", ["update", "-q"]).status === 0 && aptInstall(names))
  if (!done) return say(`apt-get did not succeed, its own words are above: ${leftOut}.`)
  for (const { service } of missing) if (service) run("systemctl", ["disable", "--quiet", service], offline)
}

// The tests start what they need themselves: what comes as a service must neither start now nor at the next boot.
const offline = { SYSTEMD_OFFLINE: "1" }

const aptInstall = (names) =>
  run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...names], {
    DEBIAN_FRONTEND: "noninteractive",
    ...offline,
  }).status === 0

const run = (program, args, env = {}) =>
  spawnSync(program, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } })

const isDebian = () => existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"))

const isThere = (program) =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"].some(
    (folder) => folder !== "" && existsSync(resolve(folder, program)),
  )

checkMachine()
if (!isInstalled()) install()
checkNode()
if (process.argv.includes("--test")) installForTests()
