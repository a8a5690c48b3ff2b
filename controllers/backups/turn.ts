/**
 * What stands before the program that a timer starts: one after the other, so many at once as the node says. A night in which
 * all accounts are backed up is long then, and not loud.
 *
 * The one thing to know before changing it: who waits is a shell and holds nothing; a policy is locked only when its turn has
 * come. What somebody asks for (a restore above all) does not come by here. Whatever the shell sets (a umask, say) the command
 * inherits.
 */
import { whole } from "../encode/unsafe.ts"

export const turnText = (atOnce: number): string => `#!/bin/sh
# Runs a command when a place is free: no more of them at once than there are places.
set -eu
turns=/run/plumbline-backups
mkdir -p -m 700 "$turns"
# The first of those who wait looks for a place. What has one holds it to its end, by its descriptor.
exec 8>"$turns/queue"
flock 8
while :; do
  place=1
  while [ "$place" -le ${whole("a number of places", atOnce, 1, 64)} ]; do
    exec 9>"$turns/$place"
    if flock --nonblock 9; then
      exec 8>&-
      exec "$@"
    fi
    exec 9>&-
    place=$((place + 1))
  done
  sleep 1
done
`
