/** What of the converter is used here; it brings no types. */
declare module "openapi-to-postmanv2" {
  const converter: {
    readonly convertV2: (
      from: { readonly type: "json"; readonly data: unknown },
      options: object,
      done: (
        error: Error | null,
        converted: {
          readonly result: boolean
          readonly reason?: string
          readonly output: ReadonlyArray<{ readonly data: unknown }>
        },
      ) => void,
    ) => void
  }
  export default converter
}
