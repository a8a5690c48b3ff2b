/**
 * The nginx.conf of the platform's own nginx: everything that all sites share. Nothing below /etc/nginx is read.
 *
 * The one thing to know before changing it: the same bytes are tested as `next/nginx.conf` and run as `live/nginx.conf`, so
 * includes are relative, and every path that `nginx -t` opens (pid, logs, temporary files) must exist before nginx ever ran.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { NodeSpec } from "../../spec/node.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { platform, seenBy } from "../layout.ts"
import { listenTls } from "../site/tls.ts"
import { mimeTypes } from "./mime-types.ts"

export const nginxConf = ({ trustedProxies }: Pick<NodeSpec, "trustedProxies">, facts: Facts): to.Nginx => {
  const { http, webUser } = facts
  const state = (name: "nginx.pid" | "body" | "fastcgi" | "proxy" | "scgi" | "uwsgi") =>
    to.path(seenBy(facts, `${platform.nginxState}/${name}`))
  const listen = [http.ipv4, ...(http.ipv6 === null ? [] : [http.ipv6])].map(
    (address) => nginx`listen ${to.listen(address, http.port)} default_server;`,
  )
  return nginx`
    ${webUser === null ? to.nothing : nginx`user ${to.user(webUser)};`}
    # The unit watches this process.
    daemon off;
    pid ${state("nginx.pid")};
    error_log ${to.path(seenBy(facts, `${platform.nginxLogs}/error.log`))} warn;
    worker_processes auto;
    ${(facts.nginx?.brotli ?? []).map((module) => nginx`load_module ${to.path(module)};`)}
    ${webUser === null ? to.nothing : priority}
    # Old workers that serve a long download end after this, so that reloads do not pile them up.
    worker_shutdown_timeout 300s;

    events {
        worker_connections 4096;
    }

    http {
        # A name has at most 253 characters, and 10,000 of them have to fit.
        server_names_hash_bucket_size 512;
        server_names_hash_max_size 65536;
        # Sites have variables that are named after them.
        variables_hash_bucket_size 128;
        variables_hash_max_size 65536;

        ${mimeTypes}
        default_type application/octet-stream;
        types_hash_max_size 4096;

        log_format plumbline '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                             '"$http_referer" "$http_user_agent" $host $request_time';
        access_log off;

        client_body_temp_path ${state("body")};
        fastcgi_temp_path ${state("fastcgi")};
        proxy_temp_path ${state("proxy")};
        scgi_temp_path ${state("scgi")};
        uwsgi_temp_path ${state("uwsgi")};

        sendfile on;
        tcp_nopush on;
        server_tokens off;
        # Location headers hold no name and port: a proxy in front may have others.
        absolute_redirect off;
        keepalive_timeout 30s;
        client_header_timeout 15s;
        client_body_timeout 60s;
        send_timeout 60s;
        reset_timedout_connection on;

        gzip on;
        gzip_vary on;
        gzip_proxied any;
        gzip_types text/css text/plain text/xml text/javascript application/javascript application/json
                   application/xml application/atom+xml application/rss+xml image/svg+xml;
        ${brotli(facts)}

        ${realAddress(trustedProxies)}
        # What a proxy that ends TLS in front of this server says, else what the connection is.
        map ${trustedProxies.length === 0 ? nginx`$http_x_forwarded_proto` : nginx`$plumb_proxied$http_x_forwarded_proto`} $plumb_scheme {
            default $scheme;
            ${trustedProxies.length === 0 ? nginx`https` : nginx`1https`} https;
        }
        map $plumb_scheme $plumb_https {
            default "";
            https on;
        }

        # Challenges of ACME are answered over plain HTTP, whoever else is sent away from it.
        map "$plumb_scheme $uri" $plumb_insecure {
            volatile;
            default 1;
            "~^https " "";
            "~^http /\.well-known/acme-challenge/" "";
        }

        ${tls(facts)}
        # Who is counted by limits: an address, or the /64 network of one, which is what a household has of IPv6.
        map $binary_remote_addr $plumb_visitor {
            default $binary_remote_addr;
            "~(?s)^(?<plumb_network>.{8}).{8}\z" $plumb_network;
        }
        # Every password costs time to check, so visitors who give one are counted too.
        map $http_authorization $plumb_login {
            default $plumb_visitor;
            "" "";
        }
        limit_req_zone $plumb_login zone=plumb_logins:4m rate=30r/s;
        limit_req_status 429;
        limit_conn_status 429;
        limit_req_log_level notice;
        limit_conn_log_level notice;

        # Dot segments, plain or encoded: a path that an application may understand otherwise than this server.
        map $request_uri $plumb_devious {
            default "";
            "~*^[^?]*(?:/|%2f)(?:\.|%2e){1,2}(?:/|%2f|[?]|\z)" 1;
        }

        # Headers for answers that have none of their own.
        map $upstream_http_x_content_type_options $plumb_sniffing {
            default "";
            "" nosniff;
        }
        map $upstream_http_referrer_policy $plumb_referrer {
            default "";
            "" strict-origin-when-cross-origin;
        }
        map $upstream_http_x_frame_options $plumb_frames {
            default "";
            "" SAMEORIGIN;
        }

        ${fastcgi}

        error_page 401 /.plumbline/401.html;
        error_page 403 /.plumbline/403.html;
        error_page 404 /.plumbline/404.html;
        error_page 429 /.plumbline/429.html;
        error_page 500 502 503 504 /.plumbline/50x.html;

        # A name that no site has gets no answer at all.
        server {
            ${listen}
            server_name _;
            include ${to.path(seenBy(facts, platform.acmeLocation))};
            # Known to nginx even when no site has PHP.
            set $plumb_path_info "";
            set $plumb_php_admin "";

            location / {
                return 444;
            }
        }
        ${refuseUnknown(facts)}

        include php/*.conf;
        include sites/*.conf;
    }
  `
}

/** For every server block: before its rules of access and its redirects, and past its files. */
export const acmeLocation = (facts: Facts): to.Nginx => nginx`
  location ^~ /.well-known/acme-challenge/ {
      alias ${to.folder(seenBy(facts, platform.challenges))};
      default_type application/octet-stream;
      types { }
      disable_symlinks on;
      auth_basic off;
      allow all;
      gzip off;
      access_log off;
      log_not_found off;
      # A list of one's own, of what never happens, keeps the pages of the server away.
      error_page 410 /;
  }
`

// https://ssl-config.mozilla.org, intermediate. Tickets would be encrypted by one key for as long as nginx runs.
const tls = (facts: Facts): to.Nginx => {
  if (facts.http.https === null) return to.nothing
  const port = (usual: number, port: number) => (port === usual ? nginx`""` : nginx`:${to.integer(port, 1, 65535)}`)
  return nginx`
    # Read with each handshake and not at the start: there is a variable in it.
    map "" $plumb_pairs {
        default ${to.path(seenBy(facts, platform.pairs))};
    }
    map $plumb_scheme $plumb_port {
        default ${port(80, facts.http.port)};
        https ${port(443, facts.http.https)};
    }
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:plumb_tls:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

  `
}

const refuseUnknown = (facts: Facts): to.Nginx => {
  const listen = listenTls(facts, nginx` default_server`)
  return listen.length === 0
    ? to.nothing
    : nginx`
        # Nor is there a certificate for one: the handshake is refused.
        server {
            ${listen}
            server_name _;
            ssl_reject_handshake on;
        }
      `
}

/** From here on the visitor's address is the one that the proxy tells: in limits, access lists and logs. */
const realAddress = (proxies: NodeSpec["trustedProxies"]): to.Nginx =>
  proxies.length === 0
    ? to.nothing
    : nginx`
        real_ip_header X-Forwarded-For;
        real_ip_recursive on;
        ${proxies.map((network) => nginx`set_real_ip_from ${to.network(network)};`)}
        geo $realip_remote_addr $plumb_proxied {
            default "";
            ${proxies.map((network) => nginx`${to.network(network)} 1;`)}
        }
      `

/** nginx adds text/html by itself, as for gzip. */
const brotli = (facts: Facts): to.Nginx =>
  facts.nginx?.brotli === undefined || facts.nginx.brotli.length === 0
    ? to.nothing
    : nginx`
        brotli on;
        brotli_types text/css text/plain text/xml text/javascript application/javascript application/json
                     application/xml application/atom+xml application/rss+xml image/svg+xml;
      `

// Our own instead of a distribution's fastcgi_params: SCRIPT_FILENAME by real path, no HTTP_PROXY (httpoxy, CVE-2016-5385),
// and the name that the visitor used, which nginx has matched against the site's names.
const fastcgi = nginx`
  fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
  fastcgi_param SCRIPT_NAME $fastcgi_script_name;
  fastcgi_param PATH_INFO $plumb_path_info;
  fastcgi_param DOCUMENT_ROOT $realpath_root;
  fastcgi_param DOCUMENT_URI $document_uri;
  fastcgi_param REQUEST_URI $request_uri;
  fastcgi_param REQUEST_METHOD $request_method;
  fastcgi_param REQUEST_SCHEME $plumb_scheme;
  fastcgi_param HTTPS $plumb_https if_not_empty;
  fastcgi_param QUERY_STRING $query_string;
  fastcgi_param CONTENT_TYPE $content_type;
  fastcgi_param CONTENT_LENGTH $content_length;
  fastcgi_param SERVER_PROTOCOL $server_protocol;
  fastcgi_param SERVER_SOFTWARE nginx;
  fastcgi_param GATEWAY_INTERFACE CGI/1.1;
  fastcgi_param REMOTE_ADDR $remote_addr;
  fastcgi_param REMOTE_PORT $remote_port;
  fastcgi_param SERVER_ADDR $server_addr;
  fastcgi_param SERVER_PORT $server_port;
  fastcgi_param SERVER_NAME $host;
  fastcgi_param REDIRECT_STATUS 200;
  fastcgi_param HTTP_PROXY "";
  fastcgi_param PHP_ADMIN_VALUE $plumb_php_admin if_not_empty;
  fastcgi_buffers 16 16k;
  fastcgi_buffer_size 32k;
`

/** As root alone: others may not raise it. */
const priority = nginx`
  # Above the master, which reads 1,000 vhosts anew at each reload while they answer.
  worker_priority -1;
`
