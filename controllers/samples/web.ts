/** Sites with everything that a site can have: for the golden files, and for tests that tamper with them. */
import type { SiteSpec } from "../../spec/site.ts"

/** Of "open sesame", as `plumb hash-password` would make them. */
export const verifiers = {
  sha512: "$6$saltstring$b4SOQO.YI.BXjgbKQa.97c9EQud0NW8Txr5rCRGsAucjEsL95TW5MDF/7KcC3bcG5NoxZbmB6Lh82fxg8soAZ0",
  bcrypt: "$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW",
}

export const everything: Partial<typeof SiteSpec.Encoded> = {
  domains: ["members.example.org", "*.members.example.org"],
  php: "acme",
  protect: [
    { path: "/admin", realm: "Members (staff)", users: [{ name: "editor", verifier: verifiers.sha512 }] },
    {
      path: "/admin/reports",
      users: [
        { name: "editor", verifier: verifiers.sha512 },
        { name: "auditor@example.org", verifier: verifiers.bcrypt },
      ],
    },
    { path: "/wp-login.php", users: [] },
  ],
  errorPages: { "401": "/sorry/401.html", "404": "/sorry/404.html" },
  access: { allow: ["192.0.2.0/24", "2001:db8::/32"], deny: ["192.0.2.66", "2001:db8:bad::/48"] },
  limits: { requestsPerSecond: 20, burst: 40, connections: 8 },
  headers: {
    "Content-Security-Policy": "default-src 'self'; img-src * data:",
    "Permissions-Policy": 'camera=(self "https://a.example.org"), geolocation=()',
    "X-Frame-Options": "DENY",
  },
  compression: false,
  noPhp: ["/uploads", "/wp-content/uploads"],
  cache: { seconds: 10 },
  logs: { days: 30 },
}
