/**
 * What a webhook can hear of. The database notes most of it itself, in the transaction in which it happens (migration 0029); the
 * names are the contract with the programs that listen, so they never change their meaning.
 */
import * as Schema from "effect/Schema"

export const webhookEvents = {
  "record.created": "A record was made.",
  "record.changed": "A record was changed, or brought back to what it was.",
  "record.deleted": "Somebody wants a record gone.",
  "record.ready": "A node is as the record wants it, for the first time or for a new generation.",
  "record.stalled": "A record cannot be carried out until somebody changes something.",
  "drift.found": "Something on a node was not as its record wants it.",
  "run.succeeded": "A cron job, backup or restore has ended well.",
  "run.failed": "A cron job, backup or restore has not.",
  "backup.succeeded": "A backup, its check or its drill has ended well.",
  "backup.failed": "A backup, its check or its drill has not.",
  "certificate.failing": "A certificate was not issued or not renewed; it will be tried again.",
  "limit.near": "What a record may use is nearly used up.",
  "account.suspended": "An account rests from now on.",
  "account.resumed": "An account rests no longer.",
  "webhook.test": "Somebody tries the webhook.",
} as const

export type WebhookEvent = keyof typeof webhookEvents

const names = Object.keys(webhookEvents) as [WebhookEvent, ...Array<WebhookEvent>]

/** `*`: everything, whatever there will be. */
export const Heard = Schema.Literals(["*", ...names])
export type Heard = typeof Heard.Type
