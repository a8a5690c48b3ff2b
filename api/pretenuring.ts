/**
 * V8 counts how many objects of a place in the code live on, and makes those of a place where many do as old ones. Most of ours
 * live as long as a request; but what was counted while the process began holds for ever, and an object that is old from the
 * beginning keeps all that it names until the next full collection. The first import of a program that serves many requests.
 */
import { setFlagsFromString } from "node:v8"

setFlagsFromString("--no-allocation-site-pretenuring")
