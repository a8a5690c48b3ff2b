/**
 * The kernel's interfaces that nobody in a jail may use: a seccomp filter, as the classic BPF program that bubblewrap loads.
 *
 * The one thing to know before changing it: a jail has no capability to lose, so this is not what keeps it shut; it keeps
 * the code out of reach in which kernels have had holes for users of namespaces. It knows x86-64 and arm64, which Plumbline
 * runs on, and lets programs of no other architecture run. linux/seccomp.h, linux/filter.h, systemd's @system-service.
 */

const architectures = { x64: 0xc000003e, arm64: 0xc00000b7 } as const
type Architecture = keyof typeof architectures

/** Numbers on x86-64 and arm64; null where the architecture has no such call. Those refused answer EPERM. */
const refused: Readonly<Record<string, readonly [x64: number, arm64: number] | readonly [x64: number, arm64: null]>> = {
  // Namespaces and mounts.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_by_handle_at: [304, 265],
  // Programs in the kernel, and what sees it from inside.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  kcmp: [312, 272],
  lookup_dcookie: [212, 18],
  syslog: [103, 116],
  // Keyrings are the uid's, not the jail's.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // The machine.
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  vhangup: [153, 58],
  nfsservctl: [180, 42],
  iopl: [172, null],
  ioperm: [173, null],
}

const numbers = {
  x64: { clone: 56, clone3: 435, ioctl: 16 },
  arm64: { clone: 220, clone3: 435, ioctl: 29 },
} as const satisfies Record<Architecture, unknown>

interface Instruction {
  readonly code: number
  readonly yes?: number
  readonly no?: number
  readonly value: number
}

// BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_JMP|JSET|K, BPF_RET|K
const load = (offset: number): Instruction => ({ code: 0x20, value: offset })
const ifEqual = (value: number, yes: number, no: number): Instruction => ({ code: 0x15, value, yes, no })
const ifAtLeast = (value: number, yes: number, no: number): Instruction => ({ code: 0x35, value, yes, no })
const ifAnyBit = (value: number, yes: number, no: number): Instruction => ({ code: 0x45, value, yes, no })
const answer = (value: number): Instruction => ({ code: 0x06, value })

const allow = answer(0x7fff0000)
const notPermitted = answer(0x00050001)
const notImplemented = answer(0x00050026)
const kill = answer(0x80000000)

// struct seccomp_data: nr, arch, instruction_pointer, args[6]; the low words of arguments, on machines of little end.
const [callNumber, architecture, firstArgument, secondArgument] = [0, 4, 16, 24]

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaces = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
/** Typing into a terminal in somebody's place; the console's clipboard does it too. */
const [typing, consoleTyping] = [0x5412, 0x541c]

const programOf = (name: Architecture): ReadonlyArray<Instruction> => {
  const { clone, clone3, ioctl } = numbers[name]
  return [
    load(callNumber),
    // The calls of x32, which are other numbers for the same.
    ...(name === "x64" ? [ifAtLeast(0x40000000, 0, 1), notImplemented] : []),
    ...Object.values(refused).flatMap(([x64, arm64]) => {
      const number = name === "x64" ? x64 : arm64
      return number === null ? [] : [ifEqual(number, 0, 1), notPermitted]
    }),
    // Its flags are in memory, where no filter can look; libc then takes clone.
    ifEqual(clone3, 0, 1),
    notImplemented,
    ifEqual(clone, 0, 4),
    load(firstArgument),
    ifAnyBit(namespaces, 0, 1),
    notPermitted,
    allow,
    ifEqual(ioctl, 0, 4),
    load(secondArgument),
    ifEqual(typing, 1, 0),
    ifEqual(consoleTyping, 0, 1),
    notPermitted,
    allow,
  ]
}

const whole = (): ReadonlyArray<Instruction> => {
  const [x64, arm64] = [programOf("x64"), programOf("arm64")]
  return [
    load(architecture),
    ifEqual(architectures.x64, 0, 1),
    // A long jump: BPF_JMP|JA.
    { code: 0x05, value: 3 },
    ifEqual(architectures.arm64, 0, 1),
    { code: 0x05, value: 1 + x64.length },
    kill,
    ...x64,
    ...arm64,
  ]
}

/** struct sock_filter, one after the other: 16 bits of code, two jumps of 8, 32 of value. In base64, in lines of 76. */
export const jailFilter = (): string => {
  const program = whole()
  const bytes = Buffer.alloc(8 * program.length)
  program.forEach(({ code, no = 0, value, yes = 0 }, index) => {
    bytes.writeUInt16LE(code, 8 * index)
    bytes.writeUInt8(yes, 8 * index + 2)
    bytes.writeUInt8(no, 8 * index + 3)
    bytes.writeUInt32LE(value, 8 * index + 4)
  })
  return `${(bytes.toString("base64").match(/.{1,76}/g) ?? []).join("\n")}\n`
}
