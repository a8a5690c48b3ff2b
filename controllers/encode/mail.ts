/**
 * The command by which PHP sends mail, up to the sender: words of plain characters, so that whoever quotes them need not escape.
 *
 * The one thing to know before changing it: msmtp that is told where the server is asks no file, neither the host's nor the
 * account's. msmtp(1), sendmail(8).
 */
import type { MailProgram } from "../../reconciler/contract/facts.ts"
import { shaped } from "./unsafe.ts"

export const mailWords = ({ brings, program }: MailProgram): string => {
  const mend = "Use the path of a sendmail without spaces."
  const path = shaped("the path of a mail program", program, /^(?:\/[A-Za-z0-9._-]+)+$/, mend)
  return `${path}${brings === "anywhere" ? "" : " --host=127.0.0.1"} -t -i -f`
}
