/**
 * Areas of a site behind a password (RFC 7617): a path, what the browser's prompt says, and who may enter.
 *
 * The one thing to know before changing it: nginx computes the verifier for every request, in a worker that all sites share,
 * so one that takes long is a way to stop everybody. Hence the limits of its cost. A record never holds a password: `plumb
 * hash-password` makes the verifier where the password is typed. No message here repeats what was given.
 */
import * as Schema from "effect/Schema"
import { explained, type Flaw, flaw, hiddenFlaw, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import { atMost, repeats } from "./lists.ts"
import { AreaPath } from "./paths.ts"
import { type SecretPlace, secret } from "./secret.ts"

const most = { rounds: 10_000, cost: 8 }

const verifierFlaw = (text: string): Flaw | undefined => {
  const sha512 = /^\$6\$(?:rounds=(\d{4,9})\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}$/.exec(text)
  const bcrypt = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(text)
  if (sha512 === null && bcrypt === null)
    return flaw(
      "This is no verifier of a password.",
      "Make one with `plumb hash-password`: crypt(3)'s SHA-512 ($6$) or bcrypt ($2y$). Never write the password itself.",
    )
  if (Number(sha512?.[1] ?? 5000) > most.rounds || Number(bcrypt?.[1] ?? 4) > most.cost)
    return flaw(
      "This verifier takes the web server too long, for every request.",
      `Use at most ${most.rounds} rounds of SHA-512 or a cost of ${most.cost}: \`plumb hash-password\` does.`,
    )
  return Number(bcrypt?.[1] ?? 4) < 4
    ? flaw("This verifier has no valid cost.", "Make one with `plumb hash-password`.")
    : undefined
}

/** What a password is checked against, as crypt(3) writes it. */
export const Verifier = Schema.String.check(
  rule<string>(verifierFlaw, { pattern: "^\\$(6|2[aby])\\$[./0-9A-Za-z=$]+$", maxLength: 140 }),
).pipe(Schema.brand("Verifier"))
export type Verifier = typeof Verifier.Type

const userFlaw = (name: string): Flaw | undefined =>
  hiddenFlaw(name) ??
  (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)
    ? undefined
    : flaw(
        `${show(name)} cannot be the name of a visitor.`,
        "Use 1 to 64 letters, digits and . _ @ -, beginning with a letter or digit.",
      ))

/** The name that a visitor types. */
export const VisitorName = Schema.String.annotate({ examples: ["editor"] })
  .check(rule<string>(userFlaw, { pattern: "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" }))
  .pipe(Schema.brand("VisitorName"))
export type VisitorName = typeof VisitorName.Type

const realmFlaw = (realm: string): Flaw | undefined => {
  const invisible = hiddenFlaw(realm)
  if (invisible !== undefined) return invisible
  if (!/^[A-Za-z0-9][A-Za-z0-9 .,:()_@/+-]{0,79}$/.test(realm) || realm.endsWith(" "))
    return flaw(
      `${show(realm)} cannot stand in a password prompt.`,
      "Use 1 to 80 letters, digits, spaces and . , : ( ) _ @ / + -, beginning with a letter or digit.",
    )
  // auth_basic takes this word for "no password".
  return realm === "off" ? flaw('"off" cannot be a name of an area.', "Choose another, such as Members.") : undefined
}

/** What a browser shows when it asks for the password. */
export const Realm = Schema.String.annotate({ examples: ["Members"] })
  .check(rule<string>(realmFlaw, { pattern: "^[A-Za-z0-9][A-Za-z0-9 .,:()_@/+-]{0,79}$" }))
  .pipe(Schema.brand("Realm"))
export type Realm = typeof Realm.Type

const Visitor = Schema.Struct({
  name: VisitorName.pipe(explained("The name that is typed.")),
  verifier: secret(Verifier).pipe(
    explained("What the password is checked against, as `plumb hash-password` prints it."),
  ),
})

const noNameTwice = ruleAcross<ReadonlyArray<{ readonly name: string }>>((users) =>
  repeats(users.map(({ name }) => name)).map((index) => ({
    path: [index, "name"],
    ...flaw(`${show(users[index]?.name ?? "")} is there twice.`, "Remove one of the two."),
  })),
)

export const ProtectedArea = Schema.Struct({
  path: AreaPath.pipe(explained("The path that is protected, with everything below it.")),
  realm: Realm.pipe(explained("What the browser shows when it asks."), withDefault("Restricted")),
  users: Schema.Array(Visitor)
    .check(atMost(200, "users"), noNameTwice)
    .pipe(explained("Who may enter. With nobody in it, the area is closed.")),
})
export type ProtectedArea = typeof ProtectedArea.Type

export const Protect = Schema.Array(ProtectedArea).check(
  atMost(50, "protected paths"),
  ruleAcross<ReadonlyArray<ProtectedArea>>((areas) =>
    repeats(areas.map(({ path }) => path)).map((index) => ({
      path: [index, "path"],
      ...flaw(`${show(areas[index]?.path ?? "")} is protected twice.`, "Put the users of both into one."),
    })),
  ),
)

/** One for each visitor of each area. A path of the web holds no space, so neither name can be taken for the other. */
export const secretsOfProtect = (areas: ReadonlyArray<ProtectedArea>): ReadonlyArray<SecretPlace> =>
  areas.flatMap(({ path, users }, area) =>
    users.map(({ name }, user) => ({
      path: ["protect", area, "users", user, "verifier"],
      label: `protect ${path} ${name}`,
    })),
  )
