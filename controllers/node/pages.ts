/**
 * The pages that the platform itself answers with, in every site, when the site has none of its own to show.
 *
 * The one thing to know before changing it: they are files without any hole. Nothing of a record or a request stands in them.
 */

export interface Page {
  readonly file: string
  readonly content: string
}

const page = (file: string, title: string, text: string): Page => ({
  file,
  content: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif }
body { max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.75rem; line-height: 1.2 }
</style>
</head>
<body>
<h1>${title}</h1>
<p>${text}</p>
</body>
</html>
`,
})

export const pages: ReadonlyArray<Page> = [
  page("ready.html", "This site is ready", "Its folder has no index page yet. Upload one, and it appears here."),
  page("suspended.html", "This site is suspended", "It is switched off for the time being. Please come back later."),
  page("401.html", "Password needed", "This part of the site is for those who have been given a name and a password."),
  page("403.html", "Not allowed", "This page may not be seen from here."),
  page("404.html", "Not found", "There is no page at this address."),
  page(
    "429.html",
    "Too much at once",
    "This site was asked for more than it gives to one visitor. Please wait a moment.",
  ),
  page("50x.html", "Not available", "The application behind this site gives no answer. Please try again in a moment."),
]
