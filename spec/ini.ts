/**
 * The php.ini settings that a customer may choose, each with its range and one sentence on what it does.
 *
 * The one thing to know before changing it: this is an allow-list. What can load code, run programs, read outside the
 * home or hide what a request did (auto_prepend_file, extension, open_basedir, sendmail_path, disable_functions,
 * error_log …) is the platform's business and must not appear here.
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { explained, flaw, intBetween, rule, ruleAcross, show } from "./grammar.ts"
import { bytesBetween } from "./names.ts"

/** A time zone of the IANA database, in the spelling that PHP takes. */
export const TimeZone = Schema.String.annotate({ examples: ["Europe/Vienna", "UTC"] })
  .check(
    rule<string>(
      (zone) =>
        /^[A-Za-z_]+(\/[A-Za-z0-9_+-]+){0,2}$/.test(zone) && isKnownZone(zone)
          ? undefined
          : flaw(`${show(zone)} is not a time zone.`, "Write an IANA name such as Europe/Vienna or UTC."),
      { pattern: "^[A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}$" },
    ),
  )
  .pipe(Schema.brand("TimeZone"))
export type TimeZone = typeof TimeZone.Type

const isKnownZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}

// Written by name, so that the value reads the same in a spec, in php.ini and in phpinfo().
const ErrorReporting = Schema.Literals([
  "E_ALL",
  "E_ALL & ~E_DEPRECATED",
  "E_ALL & ~E_DEPRECATED & ~E_STRICT",
  "E_ALL & ~E_NOTICE",
  "E_ALL & ~E_NOTICE & ~E_DEPRECATED",
  "E_ALL & ~E_NOTICE & ~E_WARNING & ~E_DEPRECATED",
  "E_ERROR | E_PARSE",
])

const Charset = Schema.Literals(["UTF-8", "ISO-8859-1", "ISO-8859-15", "Windows-1252"])

const upload = bytesBetween("1M", "10G")

export const iniSettings = {
  memory_limit: bytesBetween("16M", "16G").pipe(explained("The most memory that one request may use.")),
  upload_max_filesize: upload.pipe(explained("The largest file that may be uploaded.")),
  post_max_size: upload.pipe(explained("The largest form, with all its files; not below upload_max_filesize.")),
  max_file_uploads: intBetween(0, 1000, "files").pipe(explained("How many files one form may upload.")),
  max_execution_time: intBetween(1, 3600, "seconds").pipe(explained("How long a script may compute.")),
  max_input_time: intBetween(1, 3600, "seconds").pipe(explained("How long PHP may take to read a request.")),
  max_input_vars: intBetween(100, 100000, "fields").pipe(explained("How many fields a form may have.")),
  max_input_nesting_level: intBetween(1, 1024, "levels").pipe(explained("How deep fields of a form may nest.")),
  default_socket_timeout: intBetween(1, 3600, "seconds").pipe(explained("How long a script waits for another server.")),
  display_errors: Schema.Boolean.pipe(explained("Whether errors are shown to visitors: for development only.")),
  display_startup_errors: Schema.Boolean.pipe(explained("Whether errors of PHP's own start are shown to visitors.")),
  log_errors: Schema.Boolean.pipe(explained("Whether errors are written to the site's log.")),
  html_errors: Schema.Boolean.pipe(explained("Whether errors are formatted as HTML.")),
  error_reporting: ErrorReporting.pipe(explained("Which errors count.")),
  short_open_tag: Schema.Boolean.pipe(explained("Whether <? opens PHP code, as old scripts expect.")),
  output_buffering: intBetween(0, 1048576, "bytes").pipe(
    explained("How much output is held back before it is sent; 0 is off."),
  ),
  implicit_flush: Schema.Boolean.pipe(explained("Whether output is sent after every statement.")),
  default_charset: Charset.pipe(explained("The character set that pages declare.")),
  "date.timezone": TimeZone.pipe(explained("The time zone of date functions.")),
  "session.gc_maxlifetime": intBetween(60, 2592000, "seconds").pipe(explained("How long an idle session is kept.")),
  "session.cookie_lifetime": intBetween(0, 31536000, "seconds").pipe(
    explained("How long the session's cookie lives; 0 is until the browser closes."),
  ),
  "session.cookie_secure": Schema.Boolean.pipe(explained("Whether the session's cookie is sent over HTTPS only.")),
  "session.cookie_httponly": Schema.Boolean.pipe(
    explained("Whether scripts in the page cannot read the session's cookie."),
  ),
  "session.cookie_samesite": Schema.Literals(["Lax", "Strict", "None"]).pipe(
    explained("Whether other sites' requests carry the session's cookie."),
  ),
  "session.use_strict_mode": Schema.Boolean.pipe(explained("Whether session ids that PHP did not make are refused.")),
  "opcache.enable": Schema.Boolean.pipe(explained("Whether compiled scripts are cached.")),
  "opcache.memory_consumption": intBetween(8, 1024, "megabytes").pipe(explained("The size of that cache.")),
  "opcache.interned_strings_buffer": intBetween(1, 256, "megabytes").pipe(explained("The part of it for strings.")),
  "opcache.max_accelerated_files": intBetween(200, 1000000, "files").pipe(explained("How many scripts it holds.")),
  "opcache.validate_timestamps": Schema.Boolean.pipe(explained("Whether changed scripts are noticed by themselves.")),
  "opcache.revalidate_freq": intBetween(0, 3600, "seconds").pipe(explained("How often it looks for changed scripts.")),
  "opcache.save_comments": Schema.Boolean.pipe(explained("Whether comments are kept, which annotations need.")),
  realpath_cache_ttl: intBetween(0, 3600, "seconds").pipe(explained("How long resolved paths are remembered.")),
  "zlib.output_compression": Schema.Boolean.pipe(explained("Whether PHP compresses pages itself.")),
  "mbstring.language": Schema.Literals(["neutral", "English", "German", "Japanese", "Korean"]).pipe(
    explained("The language that mb_* functions assume."),
  ),
  "intl.default_locale": Schema.String.annotate({ examples: ["de_AT"] })
    .check(
      rule<string>(
        (locale) =>
          /^[a-z]{2,3}(_[A-Z][a-z]{3})?(_[A-Z]{2})?$/.test(locale)
            ? undefined
            : flaw(`${show(locale)} is not a locale.`, "Write language and country, such as de_AT."),
        { pattern: "^[a-z]{2,3}(_[A-Z][a-z]{3})?(_[A-Z]{2})?$" },
      ),
    )
    .pipe(explained("The locale of the intl functions.")),
}

export const Ini = Schema.Struct(iniSettings)
  .mapFields(Struct.map(Schema.optionalKey))
  .check(
    ruleAcross((ini) =>
      ini.upload_max_filesize !== undefined &&
      ini.post_max_size !== undefined &&
      ini.post_max_size < ini.upload_max_filesize
        ? [
            {
              path: ["post_max_size"],
              ...flaw("post_max_size is below upload_max_filesize.", "Raise it to at least that size."),
            },
          ]
        : [],
    ),
  )
export type Ini = typeof Ini.Type
