import { describe, expect, it } from "vitest"
import * as project from "./quota-project.ts"
import * as qgroup from "./quota-qgroup.ts"
import { homeOf } from "./quotas-btrfs.ts"
import { mountOf } from "./quotas-live.ts"

describe("what btrfs is asked and says", () => {
  it("is a limit of referenced bytes, of a subvolume and of the group that it is in", () => {
    expect(qgroup.limit("1/256", 1_048_576, "/home")).toEqual(["btrfs", "qgroup", "limit", "1048576", "1/256", "/home"])
    expect(qgroup.limit("0/256", undefined, "/home")).toEqual(["btrfs", "qgroup", "limit", "none", "0/256", "/home"])
    expect(qgroup.assign("0/257", "1/256", "/home")).toEqual(["btrfs", "qgroup", "assign", "0/257", "1/256", "/home"])
  })

  it("is read by the numbers of subvolumes and groups", () => {
    const said = [
      "Qgroupid    Referenced    Exclusive  Max referenced  Max exclusive Parent     Path ",
      "--------    ----------    ---------  --------------  ------------- ------     ---- ",
      "0/5              16384        16384            none           none -          <toplevel>",
      "0/256         20955136     20955136        20971520           none 1/256      acme",
      "1/256         20955136     20955136        20971520           none -          <0 member qgroups>",
    ].join("\n")
    expect([...qgroup.parse(said)]).toEqual([
      ["0/5", [{ id: "0/5", used: 16384, limit: undefined, parents: [] }]],
      ["0/256", [{ id: "0/256", used: 20955136, limit: 20971520, parents: ["1/256"] }]],
      ["1/256", [{ id: "1/256", used: 20955136, limit: 20971520, parents: [] }]],
    ])
  })

  it("shows a name that passes for a row as a second row of that number", () => {
    const said = "0/256 5 5 100 none - acme\n0/300 0 0 none none - acme/x\n0/256 0 0 none none - acme\n"
    expect(qgroup.parse(said).get("0/256")).toHaveLength(2)
  })

  it("tells whose a subvolume is by the beginning of its path", () => {
    expect(homeOf("/", "acme/sites/own\nfern/x")).toBe("/home/acme")
    expect(homeOf("/@home", "@home/acme/own")).toBe("/home/acme")
    for (const path of ["acme", ".plumbline-trash/x/own", "acme/", ""]) expect(homeOf("/", path)).toBeUndefined()
    expect(homeOf("/@home", "@/var/lib/x")).toBeUndefined()
  })
})

describe("what a file system with projects is asked and says", () => {
  it("is to count a home by a number, and to limit that in blocks of 1 KiB and inodes", () => {
    expect(project.assign("/home/acme", 20001)).toEqual(["chattr", "-p", "20001", "+P", "--", "/home/acme"])
    expect(project.assign("/home/acme", undefined)).toEqual(["chattr", "-p", "0", "-P", "--", "/home/acme"])
    const limits = { disk: 10_485_761, files: 5000 }
    expect(project.limit("/home", 20001, limits)).toEqual([
      "setquota",
      "-P",
      "20001",
      "0",
      "10241",
      "0",
      "5000",
      "/home",
    ])
    expect(project.limit("/home", 20001, { disk: undefined, files: undefined }).slice(3)).toEqual([
      "0",
      "0",
      "0",
      "0",
      "/home",
    ])
    expect(project.report("/home")).toEqual(["repquota", "-P", "-n", "-p", "-O", "csv", "/home"])
    expect(project.attributesOf("/home/acme")).toEqual(["lsattr", "-d", "-p", "--", "/home/acme"])
  })

  it("is read by the numbers of projects", () => {
    const said = [
      "Project,BlockStatus,FileStatus,BlockUsed,BlockSoftLimit,BlockHardLimit,BlockGrace,FileUsed,FileSoftLimit,FileHardLimit,FileGrace",
      "#0,ok,ok,20,0,0,0,3,0,0,0",
      "#20001,ok,ok,512,0,10241,0,42,0,5000,0",
    ].join("\n")
    expect(project.parse(said).get(20001)).toEqual({
      ...{ disk: 10241 * 1024, files: 5000, usedDisk: 512 * 1024, usedFiles: 42 },
    })
    expect(project.parse(said).get(0)).toMatchObject({ disk: undefined, files: undefined })
  })

  it("has a home in a project only where what is made in it inherits that", () => {
    expect(project.idOf("20001 --------------e----P-- /home/acme")).toBe(20001)
    expect(project.idOf("20001 --------------e------- /home/acme")).toBeUndefined()
    expect(project.idOf("    0 --------------e----P-- /home/acme")).toBeUndefined()
    expect(project.idOf("")).toBeUndefined()
  })
})

describe("the mount of the homes", () => {
  const table = [
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro",
    "30 22 8:2 / /home rw,relatime shared:2 - ext4 /dev/sda2 rw,prjquota",
    "31 22 8:3 / /home-old rw - xfs /dev/sda3 rw",
    "32 22 8:4 / /mnt/a\\040b rw - btrfs /dev/sda4 rw",
  ].join("\n")

  it("is the nearest above them", () => {
    expect(mountOf(table, "/home")).toEqual({ type: "ext4", point: "/home", options: "rw,prjquota", root: "/" })
    expect(mountOf(table, "/var")).toMatchObject({ type: "ext4", point: "/" })
    expect(mountOf(table, "/mnt/a b/c")).toMatchObject({ type: "btrfs" })
  })

  it("is the last of several at one place", () => {
    expect(mountOf(`${table}\n40 30 8:9 / /home rw - btrfs /dev/sdb rw`, "/home")).toMatchObject({ type: "btrfs" })
  })
})
