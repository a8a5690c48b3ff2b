/**
 * php-fpm's own configuration: one master with one pool, run by the account itself.
 *
 * The one thing to know before changing it: a reload (USR2) makes the master wait for its workers, execute itself anew and
 * take its socket over. Requests that come meanwhile wait in the socket, so none is lost, as long as the workers get the
 * time: with php-fpm's default of 0 seconds they are ended at once.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { PhpPool, PhpSpec } from "../../spec/php.ts"
import * as to from "../encode/ini.ts"
import { ini } from "../encode/ini.ts"
import { accountLayout, phpLayout, seenBy } from "../layout.ts"

/** How long a reload or stop waits for requests that run: as long as a visitor in the queue behind them would. */
export const gracePeriod = 30

const workers = ({ idleTimeout, maxChildren, mode }: PhpPool): to.Ini => {
  const most = to.integer(maxChildren, 1, 10_000)
  if (mode === "ondemand")
    return ini`
      pm = ondemand
      pm.max_children = ${most}
      pm.process_idle_timeout = ${to.integer(idleTimeout, 1, 86_400)}s
    `
  const spare = Math.max(1, Math.floor(maxChildren / 4))
  return ini`
    pm = dynamic
    pm.max_children = ${most}
    pm.start_servers = ${to.integer(spare, 1)}
    pm.min_spare_servers = ${to.integer(spare, 1)}
    pm.max_spare_servers = ${to.integer(Math.max(spare, Math.ceil(maxChildren / 2)), 1)}
  `
}

// php-fpm opens the file for each entry, as the account: whatever the account's own master can append to, the account can
// change. So it lies in the account's folder of logs, and only what nginx writes is out of its reach.
const slowLog = ({ account, pool, version }: PhpSpec, facts: Facts): to.Ini =>
  pool.slowRequest === undefined
    ? to.nothing
    : ini`
        slowlog = ${to.path(seenBy(facts, phpLayout(account, version).slowLog))}
        request_slowlog_timeout = ${to.integer(pool.slowRequest, 1, 86_400)}s
      `

export const pool = (spec: PhpSpec, facts: Facts): to.Ini => {
  const { account, pool, version } = spec
  const { home, tmp } = accountLayout(account)
  return ini`
    [global]
    ; The unit runs php-fpm with --force-stderr: its messages go to the journal. It opens this file all the same.
    error_log = /dev/null
    daemonize = no
    process_control_timeout = ${to.integer(gracePeriod, 1)}s
    emergency_restart_threshold = 10
    emergency_restart_interval = 60s

    [${to.section(account)}]
    listen = ${to.socket(seenBy(facts, phpLayout(account, version).socket))}
    listen.mode = 0660
    ${facts.webUser === null ? to.nothing : ini`listen.acl_users = ${to.user(facts.webUser)}`}
    ${workers(pool)}
    pm.max_requests = ${to.integer(pool.maxRequests, 0)}
    request_terminate_timeout = ${to.integer(pool.requestTimeout, 1, 86_400)}s
    ${slowLog(spec, facts)}
    security.limit_extensions = .php
    catch_workers_output = yes
    decorate_workers_output = no
    clear_env = yes
    env[PATH] = /usr/local/bin:/usr/bin:/bin
    env[HOME] = ${to.path(seenBy(facts, home))}
    env[TMPDIR] = ${to.path(seenBy(facts, tmp))}
  `
}
