/**
 * The media types that nginx answers with. Our own list, so that the same record gives the same bytes on every host.
 *
 * The one thing to know before changing it: types are those of IANA's registry; JavaScript is text/javascript (RFC 9239).
 */
import type * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"

export const mimeTypes: to.Nginx = nginx`
  types {
      text/html html htm shtml;
      text/css css;
      text/javascript js mjs;
      text/plain txt log conf;
      text/csv csv;
      text/markdown md;
      text/calendar ics;
      text/vcard vcf vcard;
      text/vtt vtt;
      text/xml xml xsl;
      application/json json map;
      application/ld+json jsonld;
      application/manifest+json webmanifest;
      application/geo+json geojson;
      application/atom+xml atom;
      application/rss+xml rss;
      application/xhtml+xml xhtml;
      application/wasm wasm;
      image/avif avif;
      image/bmp bmp;
      image/gif gif;
      image/jpeg jpeg jpg;
      image/jxl jxl;
      image/png png apng;
      image/svg+xml svg svgz;
      image/tiff tif tiff;
      image/vnd.microsoft.icon ico;
      image/webp webp;
      font/woff woff;
      font/woff2 woff2;
      font/ttf ttf;
      font/otf otf;
      application/vnd.ms-fontobject eot;
      audio/aac aac;
      audio/flac flac;
      audio/midi mid midi kar;
      audio/mp4 m4a;
      audio/mpeg mp3;
      audio/ogg ogg oga opus;
      audio/wav wav;
      video/mp2t ts;
      video/mp4 mp4 m4v;
      video/mpeg mpeg mpg;
      video/ogg ogv;
      video/quicktime mov;
      video/webm webm;
      video/x-matroska mkv;
      video/x-msvideo avi;
      application/vnd.apple.mpegurl m3u8;
      application/epub+zip epub;
      application/java-archive jar war ear;
      application/msword doc;
      application/pdf pdf;
      application/postscript ps eps ai;
      application/rtf rtf;
      application/vnd.ms-excel xls;
      application/vnd.ms-powerpoint ppt;
      application/vnd.oasis.opendocument.graphics odg;
      application/vnd.oasis.opendocument.presentation odp;
      application/vnd.oasis.opendocument.spreadsheet ods;
      application/vnd.oasis.opendocument.text odt;
      application/vnd.openxmlformats-officedocument.presentationml.presentation pptx;
      application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx;
      application/vnd.openxmlformats-officedocument.wordprocessingml.document docx;
      application/gzip gz tgz;
      application/vnd.rar rar;
      application/x-7z-compressed 7z;
      application/x-bzip2 bz2;
      application/x-tar tar;
      application/x-xz xz;
      application/zip zip;
      application/zstd zst;
      application/octet-stream bin exe dll deb dmg iso img msi;
  }
`
