// Where the keys of accounts are on a host: a folder each that root owns, outside of every home, with a file a key.

import type { HostPath } from "../host/path.ts"

export const sshKeys: HostPath = "/etc/plumbline/ssh/keys"

export const keysFolder = (account: string): HostPath => `${sshKeys}/${account}`
export const keyFile = (account: string, name: string): HostPath => `${keysFolder(account)}/${name}.pub`

/** A file that stands beside the keys when sessions are to stay after their key has gone. */
export const keepSessionsMark = ".keep-sessions"

/** The account that a folder of keys, or a key in it, belongs to. */
export const accountOf = (path: string): string => path.slice(sshKeys.length + 1).split("/")[0] ?? ""
