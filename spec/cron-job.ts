/**
 * CronJob: a command of an account that runs by itself, by a schedule.
 *
 * The one thing to know before changing it: `runNow` is the moment at which somebody last asked for a run beside the
 * schedule. It is desired state like the rest: a host that has not yet run for that moment does so, once.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { nextRuns, parseCron } from "./cron.ts"
import {
  explained,
  flaw,
  hiddenCharacter,
  hiddenFlaw,
  intBetween,
  rule,
  ruleAcross,
  show,
  withDefault,
} from "./grammar.ts"
import { TimeZone } from "./ini.ts"
import { defineKind } from "./kind.ts"
import { AccountName, RecordName } from "./names.ts"
import { OnFailure, secretsOnFailure } from "./on-failure.ts"
import { secret } from "./secret.ts"

export const CronExpression = Schema.String.annotate({ examples: ["*/15 8-18 * * mon-fri", "@daily"] })
  .check(
    rule<string>((text) => hiddenFlaw(text) ?? Result.getOrUndefined(Result.flip(parseCron(text))), {
      pattern: "^(@[a-z]+|[^ ]+( +[^ ]+){4})$",
    }),
  )
  .pipe(Schema.brand("CronExpression"))
export type CronExpression = typeof CronExpression.Type

const longestCommand = 16_384

/** Lines of a shell: whatever can be seen, with tabs and line ends. */
const Command = Schema.String.check(
  rule<string>(
    (text) => {
      if (text.trim() === "") return flaw("The command is empty.", "Write what is to be run.")
      if (text.length > longestCommand)
        return flaw(`The command has ${text.length} characters.`, `Use at most ${longestCommand}: call a script.`)
      return hiddenFlaw(text.replaceAll(/[\n\t]/g, " "))
    },
    { minLength: 1, maxLength: longestCommand },
  ),
)

const VariableName = Schema.String.check(
  rule<string>(
    (name) =>
      /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)
        ? undefined
        : flaw(
            `${show(name)} cannot be the name of a variable.`,
            "Use at most 64 letters, digits and underscores, and no digit first.",
          ),
    { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" },
  ),
)

const VariableValue = Schema.String.check(
  rule<string>(
    (value) =>
      hiddenFlaw(value) ??
      (value.length <= 4096 ? undefined : flaw(`The value has ${value.length} characters.`, "Use at most 4096.")),
    { maxLength: 4096 },
  ),
)

const Environment = Schema.Record(VariableName, VariableValue).check(
  rule<object>((variables) =>
    Object.keys(variables).length <= 100
      ? undefined
      : flaw(`There are ${Object.keys(variables).length} variables.`, "Give at most 100."),
  ),
)

/** As a variable's value; nothing that is said of it repeats it. */
const SecretValue = Schema.String.check(
  rule<string>(
    (value) => {
      const invisible = hiddenCharacter(value)
      if (invisible !== undefined)
        return flaw(`The secret holds the invisible character ${invisible}.`, "Remove it, or type the value anew.")
      return value.length <= 4096
        ? undefined
        : flaw(`The secret has ${value.length} characters.`, "Use at most 4096: keep a file in the home.")
    },
    { maxLength: 4096 },
  ),
)

const Secrets = Schema.Record(VariableName, secret(SecretValue)).check(
  rule<object>((variables) =>
    Object.keys(variables).length <= 100
      ? undefined
      : flaw(`There are ${Object.keys(variables).length} secrets.`, "Give at most 100."),
  ),
)

const moment = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$"

const Moment = Schema.String.annotate({ examples: ["2031-04-05T18:00:00.000Z"] }).check(
  rule<string>(
    (text) =>
      new RegExp(moment).test(text) && !Number.isNaN(Date.parse(text))
        ? undefined
        : flaw(`${show(text)} is no moment.`, "Leave it to `plumb run`, which writes it as 2031-04-05T18:00:00.000Z."),
    { pattern: moment },
  ),
)

export const CronJobSpec = Schema.Struct({
  account: AccountName.pipe(explained("The account that the command runs as.")),
  schedule: CronExpression.pipe(
    explained("When it runs: minute, hour, day of the month, month, day of the week; or @daily and the like."),
  ),
  timeZone: TimeZone.pipe(explained("Whose clocks the schedule is read by."), withDefault("UTC")),
  command: Command.pipe(explained("What is run, as /bin/sh reads it. It begins in the account's home.")),
  environment: Environment.pipe(explained("Variables that the command is given."), withDefault({})),
  secrets: Schema.optionalKey(
    Secrets.pipe(
      explained(
        "Variables that nobody is to read but the command. Left out, they stay as they are; {} takes all of them away.",
      ),
    ),
  ),
  timeLimit: intBetween(1, 604_800, "seconds").pipe(
    explained("How long a run may take. One that takes longer is ended, with everything it has started."),
    withDefault(3600),
  ),
  overlap: Schema.Literals(["skip", "queue", "allow"]).pipe(
    explained(
      "When its time comes while it still runs: skip lets that time pass, queue has one run wait, allow runs up to ten at once.",
    ),
    withDefault("skip"),
  ),
  paused: Schema.Boolean.pipe(
    explained("Whether the schedule rests. A run that somebody asks for is run all the same."),
    withDefault(false),
  ),
  onFailure: Schema.optionalKey(OnFailure.pipe(explained("Who is told when a run fails."))),
  runNow: Schema.optionalKey(
    Moment.pipe(explained("When somebody last asked for a run beside the schedule. `plumb run` writes it.")),
  ),
}).check(
  ruleAcross<{ readonly environment: object; readonly secrets?: object }>(({ environment, secrets = {} }) =>
    Object.keys(secrets).flatMap((name) =>
      Object.hasOwn(environment, name)
        ? [
            {
              path: ["secrets", name],
              ...flaw(`${name} is a variable of the environment already.`, "Keep it in one of the two."),
            },
          ]
        : [],
    ),
  ),
)
export type CronJobSpec = typeof CronJobSpec.Type

export const CronJob = defineKind({
  kind: "CronJob",
  description: "A command of an account that runs by itself, by a schedule.",
  name: RecordName,
  spec: CronJobSpec,
  references: (spec) => [{ kind: "Account", name: spec.account, field: "spec.account" }],
  counts: (spec) => [{ kind: "Account", name: spec.account, what: "cronJobs", field: "spec.account" }],
  claims: () => [],
  // What a file does not say of it stands: applying the file again takes back no wish, and no secret that was given past it.
  keeps: (written, before) => {
    const runNow = written.runNow ?? before.runNow
    const kept = Object.entries(before.secrets ?? {}).filter(([name]) => written.environment?.[name] === undefined)
    const secrets = written.secrets ?? (before.secrets === undefined ? undefined : Object.fromEntries(kept))
    return {
      ...written,
      ...(runNow === undefined ? {} : { runNow }),
      ...(secrets === undefined ? {} : { secrets }),
    }
  },
  secrets: (spec) => [
    ...Object.keys(spec.secrets ?? {}).map((name) => ({ path: ["secrets", name], label: `secrets/${name}` })),
    ...secretsOnFailure(spec),
  ],
  runs: {
    upcoming: (spec, after, count) =>
      spec.paused ? [] : nextRuns(Result.getOrThrow(parseCron(spec.schedule)), spec.timeZone, after, count),
  },
})
