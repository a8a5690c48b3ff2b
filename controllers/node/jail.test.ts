import { execaSync } from "execa"
import { describe, expect, it } from "vitest"
import { file } from "../encode/text.ts"
import { jailScript } from "./jail.ts"

const programs = { bubblewrap: "/usr/bin/bwrap", sftpServer: "/usr/lib/openssh/sftp-server" }
const script = (more: { readonly pasta?: string }) => file(jailScript({ ...programs, ...more }))
const inOwnNetwork = script({ pasta: "/usr/bin/pasta" })

describe("the script of a jail", () => {
  it.each([
    ["in the host's network", script({})],
    ["in a network of its own", inOwnNetwork],
  ])("is one that sh reads: %s", (_, text) => {
    expect(execaSync("sh", ["-n"], { input: text, reject: false })).toMatchObject({ exitCode: 0, stderr: "" })
  })

  it("begins itself again in a network of its own", async () => {
    await expect(inOwnNetwork).toMatchFileSnapshot("../golden/live/jail-in-its-own-network.sh")
  })

  it("leaves no abstract socket of others in reach, by one means or the other", () => {
    expect(script({})).toContain("syscall(446")
    expect(script({})).not.toMatch(/pasta|unshare-net/)
    expect(inOwnNetwork).not.toContain("syscall(446")
    expect(inOwnNetwork).toMatch(/internal-sftp.*\) .*--unshare-net/)
  })
})
