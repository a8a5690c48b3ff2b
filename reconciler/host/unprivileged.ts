// A directory host needs no privileges and uses none. Where the agent happens to run as root, what it starts runs in a user
// namespace with no id but its own: the program sees an ordinary user and has no capability over anything outside.

export const unprivileged = (argv: readonly [string, ...Array<string>]): readonly [string, ...Array<string>] =>
  process.geteuid?.() === 0 ? ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--", ...argv] : argv
