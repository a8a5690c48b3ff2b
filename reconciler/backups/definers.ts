// Whoever loads a dump is who views, routines, triggers and events run as from then on: a dump names its definers, and whoever
// loads it as an ordinary user may name nobody else.
//
// The one thing to know before changing it: rows are never looked into. A line of rows begins with INSERT, and mariadb-dump
// writes one line for all it says of a definer.

const isRow = (line: Buffer): boolean => line.subarray(0, 7).toString("latin1") === "INSERT "

const head = /^(?:\/\*!5\d{4} (?:CREATE|DEFINER)|CREATE DEFINER=)/
const definer = /DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` ?/

const withoutDefiner = (line: Buffer): Buffer => {
  const text = line.toString("latin1")
  return head.test(text) ? Buffer.from(text.replace(definer, ""), "latin1") : line
}

/** A dump as it streams by, without them. */
export async function* withoutDefiners(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let line: Array<Buffer> = []
  let rows = false
  for await (const part of source) {
    for (let from = 0; from < part.length; ) {
      const end = part.indexOf(0x0a, from)
      const piece = part.subarray(from, end < 0 ? part.length : end + 1)
      from += piece.length
      if (rows) yield piece
      else {
        line.push(piece)
        const known = Buffer.concat(line)
        if (isRow(known)) rows = true
        if (rows || end >= 0) {
          yield rows ? known : withoutDefiner(known)
          line = []
        } else line = [known]
      }
      if (end >= 0) rows = false
    }
  }
  if (line.length > 0) yield withoutDefiner(Buffer.concat(line))
}
