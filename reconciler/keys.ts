// The name of a record inside the agent: "Site/shop". A key and never an event: whoever is woken reads the state anew.

/** "Kind/name", unique across all records. */
export type RecordKey = `${string}/${string}`

export const recordKey = (kind: string, name: string): RecordKey => `${kind}/${name}`

export const kindOf = (key: RecordKey): string => key.slice(0, key.indexOf("/"))

export const nameOf = (key: RecordKey): string => key.slice(key.indexOf("/") + 1)
