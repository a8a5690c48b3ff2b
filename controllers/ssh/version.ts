/** Versions of OpenSSH as it prints them: 9.2p1. */
export const isAtLeast = (version: string, major: number, minor: number): boolean => {
  const [, first = "0", second = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return Number(first) > major || (Number(first) === major && Number(second) >= minor)
}
