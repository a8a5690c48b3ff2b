/**
 * Which passwords a user may have: long enough and hard enough to guess, with no rule about what they are made of
 * (NIST SP 800-63B-4, section 3.1.1.2).
 *
 * The one thing to know before changing it: nobody is asked over the network. The list of known passwords and the estimate of
 * guesses come with the program.
 */
import { ZxcvbnFactory } from "@zxcvbn-ts/core"
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common"
import { type Flaw, flaw } from "../../spec/grammar.ts"

const most = 1024

/** Guesses that whoever has the hash needs at least: at 100 a second and core, four months of a core. */
const leastGuesses = 10 ** 9

const estimator = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })

const words = (text: string): ReadonlyArray<string> => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2)

/** What is wrong with it as the password of somebody of whom these texts are known; `least` characters it has to have. */
export const passwordFlaw = (password: string, known: ReadonlyArray<string>, least: number): Flaw | undefined => {
  if (!password.isWellFormed()) return flaw("The password holds half a character.", "Type it again.")
  const length = [...password.normalize("NFKC")].length
  if (length < least)
    return flaw(`The password has ${length} characters.`, `Give it at least ${least}; a few words do.`)
  if (length > most) return flaw(`The password has ${length} characters.`, `Give it at most ${most}.`)
  const { guesses, sequence } = estimator.check(password.normalize("NFKC"), [...known.flatMap(words), "plumbline"])
  if (guesses >= leastGuesses) return undefined
  const [only] = sequence
  return sequence.length === 1 && only?.pattern === "dictionary"
    ? flaw("This password is on the lists that attackers try first.", "Take a few words that do not belong together.")
    : flaw("This password is easily guessed.", "Make it longer, or take a few words that do not belong together.")
}
