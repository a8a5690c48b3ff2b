/**
 * The php.ini of an account's master: the platform's values, the record's over them, and the extensions.
 *
 * The one thing to know before changing it: a record's setting is looked up in the allow-list of `spec/ini.ts` again, and
 * what is of the platform (paths, extensions) is written after it, where the last line wins. `open_basedir` is not set: it is
 * no boundary, the unit's sandbox is, and it switches PHP's path cache off.
 */
import type { Facts, MailProgram } from "../../reconciler/contract/facts.ts"
import { iniSettings } from "../../spec/ini.ts"
import type { PhpSpec } from "../../spec/php.ts"
import * as to from "../encode/ini.ts"
import { ini } from "../encode/ini.ts"
import { UnsafeValue } from "../encode/unsafe.ts"
import { accountLayout, seenBy } from "../layout.ts"
import type { Extension } from "./extensions.ts"

type Value = string | number | boolean

const mebibytes = (count: number): number => count * 2 ** 20

const defaults: Readonly<Record<string, Value>> = {
  memory_limit: mebibytes(128),
  upload_max_filesize: mebibytes(64),
  post_max_size: mebibytes(64),
  max_execution_time: 60,
  max_input_time: 60,
  display_errors: false,
  log_errors: true,
  html_errors: false,
  error_reporting: "E_ALL & ~E_DEPRECATED",
  short_open_tag: false,
  output_buffering: 4096,
  "date.timezone": "UTC",
  "session.cookie_httponly": true,
  "session.cookie_samesite": "Lax",
  "session.use_strict_mode": true,
}

const sizes = new Set(["memory_limit", "upload_max_filesize", "post_max_size"])

const encode = (name: string, value: Value): to.Ini => {
  if (sizes.has(name)) return to.size(Number(value))
  if (name === "error_reporting") return to.errorLevels(String(value))
  switch (typeof value) {
    case "boolean":
      return to.flag(value)
    case "number":
      return to.integer(value)
    default:
      return to.value(value)
  }
}

const settings = (chosen: PhpSpec["ini"]): ReadonlyArray<to.Ini> => {
  const values = new Map<string, Value>(Object.entries(defaults))
  // Whoever raises the size of an upload means that the form around it may be as large.
  const upload = Math.max(Number(defaults["post_max_size"]), chosen.upload_max_filesize ?? 0)
  values.set("post_max_size", upload)
  for (const [name, value] of Object.entries(chosen)) {
    if (!Object.hasOwn(iniSettings, name))
      throw new UnsafeValue("a setting of PHP", name, "Use one of the settings that a record may choose.")
    values.set(name, value)
  }
  return [...values]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ini`${to.setting(name)} = ${encode(name, value)}`)
}

export const phpIni = (spec: PhpSpec, extensions: ReadonlyArray<Extension>, facts: Facts): to.Ini => {
  const tmp = to.path(seenBy(facts, accountLayout(spec.account).tmp))
  return ini`
    [PHP]
    ${settings(spec.ini)}

    expose_php = Off
    cgi.fix_pathinfo = 0
    variables_order = GPCS
    request_order = GP
    zend.assertions = -1
    sys_temp_dir = ${tmp}
    upload_tmp_dir = ${tmp}
    session.save_path = ${tmp}
    session.gc_probability = 1
    session.gc_divisor = 1000
    ; Each mail says which script sent it, and the journal of the account's PHP says so too.
    mail.add_x_header = On
    mail.log = syslog

    ${extensions.map(({ name, zend }) =>
      zend ? ini`zend_extension = ${to.extension(name)}` : ini`extension = ${to.extension(name)}`,
    )}
  `
}

/** For PHP that no site starts. */
export const programsIni = (program: MailProgram, node: string): to.Ini => ini`
  sendmail_path = ${to.mailCommand(program, node)}
`
