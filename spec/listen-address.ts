/** Where a process is told to listen: a port of this machine, or an address with a port. */

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `9464`, `192.0.2.1:9464`, `[2001:db8::1]:9464`; undefined for anything else. Loopback where only a port is given. */
export const listenAddress = (text: string): ListenAddress | undefined => {
  const found = /^(?:(\[[0-9a-f:]+\]|[0-9.]+|localhost):)?(\d{1,5})$/i.exec(text)
  const port = Number(found?.[2])
  if (found === null || port > 65_535) return undefined
  return { host: (found[1] ?? "127.0.0.1").replace(/[[\]]/g, ""), port }
}
