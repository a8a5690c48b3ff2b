/**
 * What the API takes and answers, by subject.
 *
 * The one thing to know before changing it: the `plumb` command and the portal read these. Adding an optional key is
 * free; anything else breaks a client of another version.
 */
export * from "./shapes/business.ts"
export * from "./shapes/mail.ts"
export * from "./shapes/people.ts"
export * from "./shapes/records.ts"
export * from "./shapes/running.ts"
