// A tar archive as it streams by, entry after entry: what restic writes (Go's archive/tar, in PAX), and no more of the format
// than that. POSIX.1-2017, pax.

/** What an entry is; anything else (a device, a socket) is passed over by whoever reads. */
export type EntryType = "file" | "directory" | "symlink" | "other"

export interface Entry {
  /** As it stands in the archive, without a slash at either end. */
  readonly path: string
  readonly type: EntryType
  readonly mode: number
  readonly gid: number
  readonly size: number
  /** In seconds. */
  readonly modified: number
  readonly target: string
}

export interface Piece {
  readonly entry: Entry
  /** Whatever of it is not read is skipped. */
  readonly content: AsyncIterable<Buffer>
}

const block = 512

const textOf = (header: Buffer, from: number, length: number): string => {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString("utf8")
}

const numberOf = (header: Buffer, from: number, length: number): number => {
  // Base 256, where octal has no room. GNU tar.
  if ((header[from] ?? 0) & 0x80) return Number(BigInt(`0x${header.subarray(from + 1, from + length).toString("hex")}`))
  return Number.parseInt(textOf(header, from, length).trim() || "0", 8)
}

/** Records of an extended header: "LENGTH NAME=VALUE\n", the length counting itself. */
export const paxRecords = (bytes: Buffer): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.subarray(at, space).toString("utf8"))
    if (space < 0 || !Number.isSafeInteger(length) || length <= space - at) throw new Error("a damaged extended header")
    const record = bytes.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    records.set(record.subarray(0, equals).toString("utf8"), record.subarray(equals + 1).toString("utf8"))
    at += length
  }
  return records
}

const types: { readonly [flag: string]: EntryType } = {
  "0": "file",
  "\0": "file",
  "": "file",
  "2": "symlink",
  "5": "directory",
}

const entryOf = (header: Buffer, pax: ReadonlyMap<string, string>): Entry => {
  const prefix = textOf(header, 345, 155)
  const name = textOf(header, 0, 100)
  const path = pax.get("path") ?? (prefix === "" ? name : `${prefix}/${name}`)
  return {
    path: path.replace(/^\/+|\/+$/g, ""),
    type: types[textOf(header, 156, 1)] ?? "other",
    mode: numberOf(header, 100, 8),
    gid: Number(pax.get("gid") ?? numberOf(header, 116, 8)),
    size: Number(pax.get("size") ?? numberOf(header, 124, 12)),
    modified: Number(pax.get("mtime") ?? numberOf(header, 136, 12)),
    target: pax.get("linkpath") ?? textOf(header, 157, 100),
  }
}

/** The end of the archive is two blocks of zeros: a stream that ends before is a failure, as it is shorter than it should be. */
export async function* entries(source: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const iterator = source[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const more = async (): Promise<boolean> => {
    const { done, value } = await iterator.next()
    if (done) return false
    rest = rest.length === 0 ? value : Buffer.concat([rest, value])
    return true
  }
  const take = async (length: number): Promise<Buffer> => {
    while (rest.length < length) if (!(await more())) throw new Error("the archive ends before its end")
    const taken = rest.subarray(0, length)
    rest = rest.subarray(length)
    return taken
  }
  async function* takeInParts(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (rest.length === 0 && !(await more())) throw new Error("the archive ends before its end")
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
  let pax: ReadonlyMap<string, string> = new Map()
  for (;;) {
    const header = await take(block)
    if (header.every((byte) => byte === 0)) break
    const flag = textOf(header, 156, 1)
    const padding = (size: number) => (block - (size % block)) % block
    if (flag === "x" || flag === "g") {
      const size = numberOf(header, 124, 12)
      if (size > 1024 * 1024) throw new Error("an extended header of more than 1 MiB")
      const records = await take(size)
      await take(padding(size))
      if (flag === "x") pax = paxRecords(records)
      continue
    }
    const entry = entryOf(header, pax)
    pax = new Map()
    const content = takeInParts(entry.size)
    yield { entry, content }
    for await (const _ of content);
    await take(padding(entry.size))
  }
  while (await more()) rest = Buffer.alloc(0)
}
