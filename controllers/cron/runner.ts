/**
 * What a timer starts: a small program of root's that runs one job once, in the account's sandbox, keeps what it wrote and
 * how it ended, and leaves both in the agent's spool. It needs neither the agent nor its Node.
 *
 * The one thing to know before changing it: nothing of a tenant's reaches this shell but as the contents of files that only
 * root can write, quoted, as one argument of systemd-run. The tenant's processes hold the writing end of a pipe and nothing
 * else of it. The job's variables are given to its own unit alone, in which nothing runs as root: LD_PRELOAD is one.
 */
import { platform } from "../layout.ts"
import { apartIfPossible } from "../node/apart.ts"

/** How much of what a run has written is kept. */
const kept = 65_536

/** How many runs of one job there are at most where they may overlap. */
const together = 10

export const runnerText = (): string => `#!/bin/sh
# Runs a cron job once: JOB [RUN ASKED], as the timer or the agent of Plumbline starts it.
set -fu
umask 077
job=$1
run=\${2:-$(cat /proc/sys/kernel/random/uuid)}
asked=\${3:-}
spool=${platform.runs}
locks=/run/plumbline-cron
now() { date +%s%3N; }

# The first line is what to do about a run that is under way, the second the record; then one argument of systemd-run a line.
IFS='
'
[ -e "${platform.cron}/$job.job" ] || exit 0
set -- $(cat "${platform.cron}/$job.job")
unset IFS
overlap=$1 record=$2
shift 2
command=$(cat "${platform.cron}/$job.command") || exit 1
account=
for argument; do
  case $argument in --property=User=*) account=\${argument#*User=} ;; esac
done
suspended=${platform.suspended}/$account

mkdir -p "$locks" "$spool"
part=$spool/$run.part
mkdir "$part" || exit 1
printf '%s\\n' "CronJob/$job" "$record" "$asked" "$(now)" "$(cat /proc/sys/kernel/random/boot_id)" "$$" \
  "$(cut -d' ' -f22 "/proc/$$/stat")" >"$part/begun.new"
mv "$part/begun.new" "$part/begun"

end() {
  now >"$part/ended"
  mv "$part" "$spool/$run"
  exit 0
}
# Who asked for a run is told that there was none; that a time of the schedule has passed is no news.
skip() {
  [ "$asked" ] || { rm -r "$part"; exit 0; }
  echo Result=skipped >"$part/result"
  end
}

case $overlap in
  skip)
    exec 9>"$locks/$job"
    flock --nonblock 9 || skip
    ;;
  queue)
    exec 9>"$locks/$job"
    flock --nonblock 9 || {
      exec 8>"$locks/$job.next"
      flock --nonblock 8 || skip
      flock 9
      exec 8>&-
    }
    ;;
  allow)
    slot=1
    exec 9>"$locks/$job.1"
    until flock --nonblock 9; do
      slot=$((slot + 1))
      [ "$slot" -le ${together} ] || skip
      exec 9>"$locks/$job.$slot"
    done
    ;;
esac

# Also of what has waited for its turn.
[ ! -e "$suspended" ] || skip
unit=plumb-run-$run.service
# What runs without anybody to see its end ends too. In a list of names systemd reads a backslash as it does in a unit file.
self=$(sed -n 's|^0::.*/||p' /proc/self/cgroup | sed 's|\\\\|&&|g')
{
  systemd-run --quiet --no-ask-password --wait --pipe "--unit=$unit" "--property=BindsTo=$self" "--property=After=$self" "$@" -- /usr/bin/perl -e '${apartIfPossible}' /bin/sh -c -- "$command" </dev/null 2>&1 9>&-
  echo $? >"$part/status"
} | {
  head --bytes=${kept} >"$part/output"
  wc --bytes >"$part/dropped"
}
# A unit that failed stays until it was asked how; of one that succeeded nothing stays. One that was stopped has succeeded.
if [ -e "$suspended" ]; then
  echo Result=interrupted >"$part/result"
  systemctl reset-failed -- "$unit" 2>/dev/null
elif [ "$(cat "$part/status")" = 0 ]; then
  echo Result=success >"$part/result"
else
  systemctl show --property=Result,ExecMainCode,ExecMainStatus -- "$unit" >"$part/result"
  systemctl reset-failed -- "$unit" 2>/dev/null
fi
end
`
