// Names in systemd's alphabet, as systemd-escape(1) writes them. A dash in a slice's name is hierarchy: unescaped,
// plumb-acme-shop.slice would live inside, and under the limits of, plumb-acme.slice.

const plain = /[A-Za-z0-9:_.]/

/** systemd-escape TEXT. */
export const escapeUnitName = (text: string): string => {
  let out = ""
  for (const [index, byte] of Buffer.from(text, "utf8").entries()) {
    const character = String.fromCharCode(byte)
    if (character === "/") out += "-"
    else if (plain.test(character) && !(index === 0 && character === ".")) out += character
    else out += `\\x${byte.toString(16).padStart(2, "0")}`
  }
  return out
}

/** systemd-escape --unescape TEXT. */
export const unescapeUnitName = (text: string): string => {
  const bytes: Array<number> = []
  const source = Buffer.from(text, "utf8")
  for (let at = 0; at < source.length; at++) {
    const hex = /^\\x([0-9a-f]{2})/.exec(source.subarray(at, at + 4).toString("latin1"))
    if (hex?.[1] !== undefined) {
      bytes.push(Number.parseInt(hex[1], 16))
      at += 3
    } else {
      const byte = source[at] ?? 0
      bytes.push(byte === 0x2d ? 0x2f : byte)
    }
  }
  return Buffer.from(bytes).toString("utf8")
}

/** An instance of a template: ("plumb-php8.2", "acme-shop") is plumb-php8.2@acme\x2dshop.service. */
export const instanceName = (template: string, instance: string): string =>
  `${template}@${escapeUnitName(instance)}.service`

/** The slice in which everything of an account runs. */
export const sliceName = (account: string): `${string}.slice` => `plumb-${escapeUnitName(account)}.slice`
