/**
 * What every server block of an account does while the account is suspended: nginx reads it through the account's mark, which
 * each vhost includes. So it holds for a vhost as it stands on the host, whatever has become of the record that made it.
 *
 * The one thing to know before changing it: the rules of a server are gone through again for the page itself, which is why
 * they end there, those of the site among them. The status is one that nothing else answers with, so that a site's own pages of errors stay out of it.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { platform, seenBy } from "../layout.ts"

/** Nobody keeps the answer. */
export const meanwhile = nginx`
  add_header Retry-After 3600 always;
  add_header Cache-Control no-store always;
`

/** What the mark says. */
export const includeSuspended = (facts: Facts): to.Nginx =>
  nginx`include ${to.path(seenBy(facts, platform.suspendedRules))};`

export const suspendedRules = (facts: Facts): to.Nginx => nginx`
  error_page 599 =503 /.plumbline/suspended.html;
  if ($uri = /.plumbline/suspended.html) {
      break;
  }
  if ($uri !~ ^/\.well-known/acme-challenge/) {
      return 599;
  }
  location = /.plumbline/suspended.html {
      internal;
      disable_symlinks off;
      alias ${to.path(seenBy(facts, `${platform.pages}/suspended.html`))};
      auth_basic off;
      allow all;
      ${meanwhile}
  }
`
