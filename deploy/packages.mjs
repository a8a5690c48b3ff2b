// What the test run takes from Debian. `have` is the program that shows that a package is there already.
// deploy/setup.mjs reads this before anything is installed, so it has to run on the system's Node.

/** @type {ReadonlyArray<{ package: string, have: string, service?: string, why: string }>} */
export const testPackages = [
  { package: "debootstrap", have: "debootstrap", why: "builds the Debian that the tests boot" },
  { package: "systemd-container", have: "systemd-nspawn", why: "boots it" },
  { package: "iproute2", have: "ip", why: "gives it an address" },
  { package: "util-linux", have: "nsenter", why: "runs commands in it, and Postgres without root" },
  { package: "rsync", have: "rsync", why: "copies trees into it" },
  { package: "strace", have: "strace", why: "counts what a pass writes" },
  { package: "nginx-light", have: "nginx", service: "nginx", why: "serves the sites of a directory host" },
  { package: "php8.2-fpm", have: "php-fpm8.2", service: "php8.2-fpm", why: "runs their PHP" },
  { package: "curl", have: "curl", why: "asks the sites" },
]
