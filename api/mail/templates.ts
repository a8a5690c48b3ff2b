/**
 * What mails say, in English and German. Pure; plain text, so that nothing that somebody has chosen becomes a link or a picture.
 *
 * The one thing to know before changing it: a subject is the same for everybody. What somebody has chosen stands in the text alone,
 * on one line and cut.
 */
import * as Schema from "effect/Schema"

export const Letter = Schema.Union([
  Schema.Struct({ template: Schema.Literal("test") }),
  Schema.Struct({ template: Schema.Literal("reset-password"), link: Schema.String }),
  Schema.Struct({ template: Schema.Literal("invitation"), link: Schema.String }),
  Schema.Struct({ template: Schema.Literal("password-changed"), address: Schema.String }),
  Schema.Struct({
    template: Schema.Literal("new-login"),
    address: Schema.String,
    agent: Schema.String,
    at: Schema.String,
  }),
  Schema.Struct({ template: Schema.Literal("second-factor-added"), address: Schema.String }),
  Schema.Struct({ template: Schema.Literal("second-factor-removed"), address: Schema.String }),
  Schema.Struct({ template: Schema.Literal("passkey-added"), address: Schema.String }),
  Schema.Struct({ template: Schema.Literal("passkey-removed"), address: Schema.String }),
  Schema.Struct({ template: Schema.Literal("log-in-suspended"), reason: Schema.String }),
  Schema.Struct({ template: Schema.Literal("accounts-suspended"), accounts: Schema.String, reason: Schema.String }),
  Schema.Struct({ template: Schema.Literal("verify-address"), link: Schema.String }),
  Schema.Struct({ template: Schema.Literal("address-changed"), to: Schema.String }),
  Schema.Struct({
    template: Schema.Literal("backup-failed"),
    policy: Schema.String,
    node: Schema.String,
    /** As a run has it: `timed-out`. */
    outcome: Schema.String,
  }),
  Schema.Struct({ template: Schema.Literal("certificate-failing"), site: Schema.String, why: Schema.String }),
  Schema.Struct({ template: Schema.Literal("limit-near"), account: Schema.String, notice: Schema.String }),
])
export type Letter = typeof Letter.Type

export type Locale = "en" | "de"

interface Text {
  readonly subject: string
  readonly text: string
}

const line = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").slice(0, 200)

const notYou = {
  en: "If that was not you, change your password now and tell whoever looks after your account.",
  de: "Waren Sie das nicht, ändern Sie jetzt Ihr Passwort und sagen Sie es denen, die Ihr Konto betreuen.",
}

/** On a line of its own; nothing where nobody gave a reason. */
const because = (word: string, reason: string): string => (reason.trim() === "" ? "" : `\n\n  ${word}: ${line(reason)}`)

const english = (letter: Letter): Text => {
  switch (letter.template) {
    case "test":
      return { subject: "A test from Plumbline", text: "Mail leaves. Nothing else was to be shown." }
    case "reset-password":
      return {
        subject: "A new password",
        text: `Somebody, hopefully you, wants to set a new password for your account. This link does, once, within an hour:\n\n${letter.link}\n\nIf that was not you, leave it: nothing has changed.`,
      }
    case "invitation":
      return {
        subject: "Your account is ready",
        text: `An account was made for you. Choose a password with this link, within seven days:\n\n${letter.link}\n\nIf you expected none, leave it.`,
      }
    case "password-changed":
      return {
        subject: "Your password was changed",
        text: `Your password was changed from the address ${line(letter.address)}. You are logged out everywhere else.\n\n${notYou.en}`,
      }
    case "new-login":
      return {
        subject: "A log-in from somewhere new",
        text: `Somebody logged in to your account from where you have not been before.\n\n  When     ${line(letter.at)}\n  Address  ${line(letter.address)}\n  With     ${line(letter.agent)}\n\n${notYou.en}`,
      }
    case "second-factor-added":
      return {
        subject: "An authenticator app was added",
        text: `From now on a log-in to your account wants a code of an authenticator app. It was set up from the address ${line(letter.address)}.\n\n${notYou.en}`,
      }
    case "second-factor-removed":
      return {
        subject: "The authenticator app was removed",
        text: `From now on a log-in to your account wants no code any more. That was decided from the address ${line(letter.address)}.\n\n${notYou.en}`,
      }
    case "passkey-added":
      return {
        subject: "A passkey was added",
        text: `From now on a passkey lets you in, and a log-in with your password wants it too, or a code. It was made from the address ${line(letter.address)}.\n\n${notYou.en}`,
      }
    case "passkey-removed":
      return {
        subject: "A passkey was removed",
        text: `A passkey no longer lets you in. That was decided from the address ${line(letter.address)}.\n\n${notYou.en}`,
      }
    case "log-in-suspended":
      return {
        subject: "Your log-in was suspended",
        text: `Your log-in was suspended, and you are logged out everywhere.${because("Reason", letter.reason)}\n\nWhoever looks after your account can lift that.`,
      }
    case "accounts-suspended":
      return {
        subject: "Your hosting was suspended",
        text: `What is suspended: ${line(letter.accounts)}. Sites show a notice, and nothing of it runs; your data stays as it is.${because("Reason", letter.reason)}\n\nWhoever looks after your account can lift that, and everything is as it was then.`,
      }
    case "verify-address":
      return {
        subject: "Please confirm your address",
        text: `Somebody, hopefully you, wants to use this address for an account. It counts once this link was followed, within a day:\n\n${letter.link}\n\nIf that was not you, leave it: nothing has changed.`,
      }
    case "address-changed":
      return {
        subject: "Your address was changed",
        text: `Your account now has the address ${line(letter.to)}; letters go there from here on, and you log in with it.\n\n${notYou.en}`,
      }
    case "backup-failed":
      return {
        subject: "A backup has failed",
        text: `A backup has not ended well, or its check or drill has not.\n\n  Policy   ${line(letter.policy)}\n  Node     ${line(letter.node)}\n  Outcome  ${line(letter.outcome)}\n\nEarlier backups are still there. What it said stands with its runs; it is tried again at its next time. You hear of this once a day at most.`,
      }
    case "certificate-failing":
      return {
        subject: "A certificate cannot be had",
        text: `The certificate of the site ${line(letter.site)} was not issued, or not renewed:\n\n  ${line(letter.why)}\n\nThe one that it has goes on until it ends, and it is tried again by itself. You hear of this once a day at most.`,
      }
    case "limit-near":
      return {
        subject: "A limit is near",
        text: `Your account ${line(letter.account)} has nearly used up what it may:\n\n  ${line(letter.notice)}\n\nWhat is there stays. Make room, or ask whoever looks after your account for more.`,
      }
  }
}

const german = (letter: Letter): Text => {
  switch (letter.template) {
    case "test":
      return { subject: "Ein Test von Plumbline", text: "E-Mails gehen hinaus. Mehr war nicht zu zeigen." }
    case "reset-password":
      return {
        subject: "Ein neues Passwort",
        text: `Jemand, hoffentlich Sie, möchte ein neues Passwort für Ihr Konto setzen. Das geht mit diesem Link, einmal, innerhalb einer Stunde:\n\n${letter.link}\n\nWaren Sie das nicht, lassen Sie es: Es hat sich nichts geändert.`,
      }
    case "invitation":
      return {
        subject: "Ihr Konto ist bereit",
        text: `Für Sie wurde ein Konto angelegt. Wählen Sie mit diesem Link innerhalb von sieben Tagen ein Passwort:\n\n${letter.link}\n\nHaben Sie keines erwartet, lassen Sie es.`,
      }
    case "password-changed":
      return {
        subject: "Ihr Passwort wurde geändert",
        text: `Ihr Passwort wurde von der Adresse ${line(letter.address)} aus geändert. Überall sonst sind Sie abgemeldet.\n\n${notYou.de}`,
      }
    case "new-login":
      return {
        subject: "Eine Anmeldung von einem neuen Ort",
        text: `Jemand hat sich von einem Ort aus bei Ihrem Konto angemeldet, an dem Sie noch nicht waren.\n\n  Wann     ${line(letter.at)}\n  Adresse  ${line(letter.address)}\n  Womit    ${line(letter.agent)}\n\n${notYou.de}`,
      }
    case "second-factor-added":
      return {
        subject: "Eine Authenticator-App wurde hinzugefügt",
        text: `Von jetzt an braucht die Anmeldung bei Ihrem Konto einen Code aus einer Authenticator-App. Eingerichtet wurde sie von der Adresse ${line(letter.address)} aus.\n\n${notYou.de}`,
      }
    case "second-factor-removed":
      return {
        subject: "Die Authenticator-App wurde entfernt",
        text: `Von jetzt an braucht die Anmeldung bei Ihrem Konto keinen Code mehr. Das wurde von der Adresse ${line(letter.address)} aus entschieden.\n\n${notYou.de}`,
      }
    case "passkey-added":
      return {
        subject: "Ein Passkey wurde hinzugefügt",
        text: `Von jetzt an lässt ein Passkey Sie ein, und die Anmeldung mit Ihrem Passwort braucht ihn auch, oder einen Code. Angelegt wurde er von der Adresse ${line(letter.address)} aus.\n\n${notYou.de}`,
      }
    case "passkey-removed":
      return {
        subject: "Ein Passkey wurde entfernt",
        text: `Ein Passkey lässt Sie nicht mehr ein. Das wurde von der Adresse ${line(letter.address)} aus entschieden.\n\n${notYou.de}`,
      }
    case "log-in-suspended":
      return {
        subject: "Ihre Anmeldung wurde gesperrt",
        text: `Ihre Anmeldung wurde gesperrt, und Sie sind überall abgemeldet.${because("Grund", letter.reason)}\n\nWer Ihr Konto betreut, kann das aufheben.`,
      }
    case "accounts-suspended":
      return {
        subject: "Ihr Hosting wurde gesperrt",
        text: `Gesperrt ist: ${line(letter.accounts)}. Websites zeigen einen Hinweis, und nichts davon läuft; Ihre Daten bleiben, wie sie sind.${because("Grund", letter.reason)}\n\nWer Ihr Konto betreut, kann das aufheben, und dann ist alles wie zuvor.`,
      }
    case "verify-address":
      return {
        subject: "Bitte bestätigen Sie Ihre Adresse",
        text: `Jemand, hoffentlich Sie, möchte diese Adresse für ein Konto verwenden. Sie gilt, sobald dieser Link geöffnet wurde, innerhalb eines Tages:\n\n${letter.link}\n\nWaren Sie das nicht, lassen Sie es: Es hat sich nichts geändert.`,
      }
    case "address-changed":
      return {
        subject: "Ihre Adresse wurde geändert",
        text: `Ihr Konto hat jetzt die Adresse ${line(letter.to)}; Post geht von nun an dorthin, und Sie melden sich mit ihr an.\n\n${notYou.de}`,
      }
    case "backup-failed":
      return {
        subject: "Eine Sicherung ist fehlgeschlagen",
        text: `Eine Sicherung, ihre Prüfung oder ihre Probe ist nicht gut ausgegangen.\n\n  Regel     ${line(letter.policy)}\n  Server    ${line(letter.node)}\n  Ergebnis  ${line(letter.outcome)}\n\nFrühere Sicherungen sind noch da. Was sie meldete, steht bei ihren Läufen; zur nächsten Zeit wird es wieder versucht. Sie hören davon höchstens einmal am Tag.`,
      }
    case "certificate-failing":
      return {
        subject: "Ein Zertifikat ist nicht zu bekommen",
        text: `Das Zertifikat der Website ${line(letter.site)} wurde nicht ausgestellt oder nicht erneuert:\n\n  ${line(letter.why)}\n\nDas vorhandene gilt weiter, bis es endet, und es wird von selbst wieder versucht. Sie hören davon höchstens einmal am Tag.`,
      }
    case "limit-near":
      return {
        subject: "Eine Grenze ist nah",
        text: `Ihr Konto ${line(letter.account)} hat fast aufgebraucht, was es darf:\n\n  ${line(letter.notice)}\n\nWas da ist, bleibt. Schaffen Sie Platz, oder bitten Sie die um mehr, die Ihr Konto betreuen.`,
      }
  }
}

export const write = (letter: Letter, locale: Locale): Text => {
  const { subject, text } = locale === "de" ? german(letter) : english(letter)
  return { subject, text: `${text}\n` }
}
