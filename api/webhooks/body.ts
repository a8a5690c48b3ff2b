/** What stands in the request: the same to the byte with each attempt, since it is signed. */
export const bodyOf = ({
  at,
  data,
  type,
}: {
  readonly at: Date
  readonly data: unknown
  readonly type: string
}): string => JSON.stringify({ type, timestamp: at.toISOString(), data })
