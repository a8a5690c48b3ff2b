/**
 * Passwords of database users: made here or given by the customer, and turned at once into what the server compares with.
 *
 * The one thing to know before changing it: MariaDB's verifier is two rounds of SHA-1 without salt, which a guessed
 * password does not withstand. So one that is made here has 140 bits, and one that is given has a minimum length.
 * https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/
 */
import { createHash, randomBytes, randomInt } from "node:crypto"
import type { Engine } from "../spec/database.ts"
import { changesWhenPrepared, scramVerifier } from "../spec/scram.ts"

// Without those that people mistake for each other when they copy from paper.
const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"

/** 24 letters and digits: none of them means anything to a shell, a URL or a configuration file. */
export const makePassword = (): string => Array.from({ length: 24 }, () => letters[randomInt(letters.length)]).join("")

const sha1 = (data: string | Buffer): Buffer => createHash("sha1").update(data).digest()

/** As the server would compute it of the password's UTF-8. */
export const verifierOf = (password: string, engine: Engine = "mariadb"): string =>
  engine === "postgresql"
    ? scramVerifier(password, randomBytes(16))
    : `*${sha1(sha1(password)).toString("hex").toUpperCase()}`

const shortest = 12
const longest = 256

/** What is wrong with a password that somebody chose, without repeating it. */
export const passwordFlaw = (
  password: string,
  user: string,
  engine: Engine = "mariadb",
): { readonly message: string; readonly mend: string } | undefined => {
  const characters = [...password].length
  if (characters < shortest || characters > longest)
    return {
      message: `The password has ${characters} characters.`,
      mend: `Use ${shortest} to ${longest}, or leave it out and have one made.`,
    }
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(password))
    return {
      message: "The password holds a character that cannot be typed.",
      mend: "Leave out line breaks, tabs and the like.",
    }
  if (engine === "postgresql" && changesWhenPrepared(password))
    return {
      message: "PostgreSQL and its clients would take the password for another one.",
      mend: "Leave out special spaces and hyphens, and letters that have a plainer form.",
    }
  if (password.toLowerCase().includes(user.toLowerCase()) && user.length > 3)
    return { message: "The password holds the name of its user.", mend: "Choose another." }
  return new Set(password).size < 5
    ? { message: "The password has hardly any different characters.", mend: "Choose another." }
    : undefined
}
