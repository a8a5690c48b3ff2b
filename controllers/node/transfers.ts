/**
 * What becomes of SFTP's log: each account has a socket in its home's /dev, which is /dev/log in its chroot, and systemd
 * starts a reader for it that writes to a file of the account's in a folder that root owns.
 *
 * The one thing to know before changing it: in a chroot there is no way to the host's journal, and a link or a mount a
 * home would be a unit file an account. Template instances of a socket are none. The reader ends when nothing comes, and
 * after some minutes in any case: the log that it has open may have been rotated. What comes meanwhile waits in the socket.
 */
import { perl } from "../encode/perl.ts"
import type { Text } from "../encode/text.ts"
import * as to from "../encode/unit.ts"
import { unit } from "../encode/unit.ts"
import { type HostPath, platform, ssh, sshGroups } from "../layout.ts"
import { hardening } from "./units.ts"

export const transfersLayout = {
  socketFile: `${platform.units}/${ssh.transfersTemplate}@.socket` satisfies HostPath,
  serviceFile: `${platform.units}/${ssh.transfersTemplate}@.service` satisfies HostPath,
} as const

export const transfersSocket = (): to.Unit => unit`
  [Unit]
  Description=Log of the SFTP sessions of account %I

  [Socket]
  ListenDatagram=/home/%I/dev/log
  SocketUser=root
  SocketGroup=%I
  SocketMode=0660
  DirectoryMode=0755
  RemoveOnStop=yes
  ReceiveBuffer=1M

  [Install]
  WantedBy=multi-user.target
`

export const transfersService = (): to.Unit => unit`
  [Unit]
  Description=Writes down the SFTP sessions of account %I
  # A socket does not start beside a reader of the one before it.
  PartOf=${to.name(ssh.transfersTemplate)}@%i.socket

  [Service]
  Type=exec
  User=${to.name(sshGroups.keys)}
  Group=${to.name(sshGroups.keys)}
  ExecStart=/usr/bin/perl -T ${to.path(ssh.transfers)}
  StandardInput=socket
  # systemd opens it, as root; the reader could not.
  StandardOutput=append:${to.pathWith(ssh.accountLogs, "/%I/sftp.log")}
  StandardError=journal
  Nice=5

  ProtectSystem=strict
  ProtectHome=yes
  CapabilityBoundingSet=
  AmbientCapabilities=
  NoNewPrivileges=yes
  PrivateTmp=yes
  PrivateDevices=yes
  PrivateNetwork=yes
  ProtectProc=invisible
  RestrictAddressFamilies=AF_UNIX
  RestrictNamespaces=yes
  ${hardening}
`

/** RFC 3164 from syslog(3): "<86>Nov 22 16:21:00 internal-sftp[123]: text", one datagram a message. */
export const transfersScript = (): Text<"perl"> => perl`
  #!/usr/bin/perl -T
  # Reads what SFTP says of an account's transfers from a socket, and writes it as lines with the time in UTC.
  use strict;
  use warnings;
  use POSIX qw(strftime);

  $| = 1;
  my $end = time + 300;
  while (time < $end) {
      my $ready = '';
      vec($ready, fileno(STDIN), 1) = 1;
      last unless select($ready, undef, undef, 20);
      my $message = '';
      last unless defined recv(STDIN, $message, 16384, 0);
      $message =~ s/^<\d{1,3}>//;
      $message =~ s/^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d //;
      $message =~ s/[\x00-\x1f\x7f]+/ /g;
      next if $message =~ /^\s*$/;
      print strftime('%Y-%m-%dT%H:%M:%SZ ', gmtime), substr($message, 0, 8192), "\n";
  }
`
