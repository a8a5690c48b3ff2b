/**
 * How a program of an account is begun so that it reaches no abstract socket (unix(7)) of another account's: those have no
 * file, hence no owner and no mode, and all programs of one network share them. Landlock keeps a program to those that were
 * made by itself and what it has started. landlock(7), LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET.
 *
 * The one thing to know before changing it: it stands in quotes in scripts and in unit files, so there is no single quote, dollar,
 * percent sign or backslash in it. 444 and 446 are the system calls (landlock_create_ruleset and
 * landlock_restrict_self) on every processor that Linux has them on; a sandbox has to let them through.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"

/** The version of Landlock that can, which Linux has from 6.12 on. */
const landlockNeeded = 6

export const keepsSocketsApart = ({ landlock }: Pick<Facts, "landlock">): boolean => (landlock ?? 0) >= landlockNeeded

/** Debian 12 has such a kernel in its backports, Debian 13 has one. */
export const kernelNeeded =
  "Run Linux 6.12 or newer: apt-get install -t bookworm-backports linux-image-amd64, then reboot."

const scope = 'syscall(446, syscall(444, pack("QQQ", 0, 0, @ARGV > 0), 24, 0), 0)'
/** A list, which no shell ever sees; it is never of one word alone. */
const go = 'exec(@ARGV) or die("cannot be run", chr(10))'

/**
 * At a terminal what is begun gets Ctrl-C, and what had to be begun before it does not, which would end with it and take all
 * along. tcsetpgrp(3). This has a dollar in it: it is for the jail's script alone.
 */
const foreground =
  'if (-t STDIN) { require POSIX; setpgrp(0, 0); local $SIG{TTOU} = "IGNORE"; POSIX::tcsetpgrp(0, getpgrp()) }'

/** For perl's `-e` in a jail, with the program and its arguments behind it: on an older kernel the program is not begun. */
export const apartOrNotAtAll = `${scope} == 0 or die("this kernel cannot keep the sockets of accounts apart", chr(10)); ${foreground} ${go}`

/** The same where something else keeps them apart. */
export const inForeground = `${foreground} ${go}`

/** On an older kernel the program is begun all the same. */
export const apartIfPossible = `${scope}; ${go}`

const shells = ({ pasta }: Facts): string =>
  (pasta ?? null) === null ? "are refused for want of pasta, which Debian has in passt" : "have a network each instead"

export const apartNotices = (facts: Facts): ReadonlyArray<string> =>
  facts.host === "directory" || keepsSocketsApart(facts)
    ? []
    : [
        "This kernel cannot keep abstract sockets of accounts apart, so software that listens on one in PHP or in a cron job " +
          `can be reached from those of other accounts. Shells ${shells(facts)}. ${kernelNeeded}`,
      ]
