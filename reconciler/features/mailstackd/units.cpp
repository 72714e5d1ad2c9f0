#include "reconciler/features/mailstackd/units.hpp"

#include "reconciler/features/listen/listen.hpp"

namespace mailstack::features::mailstackd {

namespace {

/// What it never needs. Most of these forbid new privileges, so that no program that it starts
/// gets any: a setuid one, as maildrop, does not work (`for_programs`).
constexpr char const* hardening =
    "NoNewPrivileges=yes\n"
    "CapabilityBoundingSet=\n"
    "ProtectSystem=strict\n"
    "ProtectHome=yes\n"
    "PrivateTmp=yes\n"
    "PrivateDevices=yes\n"
    "PrivateMounts=yes\n"
    "PrivateUsers=yes\n"
    "ProtectKernelTunables=yes\n"
    "ProtectKernelModules=yes\n"
    "ProtectKernelLogs=yes\n"
    "ProtectControlGroups=yes\n"
    "ProtectClock=yes\n"
    "ProtectHostname=yes\n"
    "ProtectProc=invisible\n"
    "ProcSubset=pid\n"
    "RestrictNamespaces=yes\n"
    "RestrictRealtime=yes\n"
    "RestrictSUIDSGID=yes\n"
    "# AF_NETLINK: which addresses are its own.\n"
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n"
    "LockPersonality=yes\n"
    "MemoryDenyWriteExecute=yes\n"
    "RemoveIPC=yes\n"
    "KeyringMode=private\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallFilter=~@privileged @resources\n"
    "SystemCallErrorNumber=EPERM\n";

/// Where mail stays on the host, maildrop becomes the user whose mail it is.
constexpr char const* for_programs =
    "# Mail of users is handed to maildrop, which becomes each of them and writes into their\n"
    "# homes: what would forbid that is left out.\n"
    "ProtectSystem=full\n"
    "PrivateTmp=yes\n"
    "ProtectControlGroups=yes\n"
    "ProtectProc=invisible\n"
    "KeyringMode=private\n";

}  // namespace

std::string service_unit(ServiceUnit const& unit) {
  return "[Unit]\n"
         "Description=mailstackd: takes mail, keeps it, brings it on\n"
         "Documentation=man:mailstackd(8)\n"
         "Wants=network-online.target\n"
         "After=network-online.target nss-lookup.target\n"
         "\n"
         "[Service]\n"
         "Type=notify\n"
         "NotifyAccess=main\n"
         "ExecStart=" +
         unit.program + " --config " + unit.conf +
         "\n"
         "ExecReload=/bin/kill -HUP $MAINPID\n"
         "User=" +
         unit.account + "\nGroup=" + unit.account + "\n" +
         (unit.sockets.empty() ? "" : "Sockets=" + unit.sockets + "\n") +
         "Restart=on-failure\n"
         "RestartSec=1s\n"
         "WatchdogSec=30s\n"
         "# Sessions may finish the message that they are at (where a hook looks at it, its client "
         "is told to come again), and\n"
         "# programs that deliver theirs: mailstackd tells those when their time is over.\n"
         "KillMode=mixed\n"
         "TimeoutStopSec=45s\n"
         "StateDirectory=mailstackd\n"
         "StateDirectoryMode=0700\n"
         "RuntimeDirectory=mailstackd\n"
         "RuntimeDirectoryMode=0750\n"
         "UMask=0077\n"
         "LimitNOFILE=65536\n"
         "TasksMax=512\n"
         "MemoryMax=75%\n"
         "\n" +
         (unit.mda ? for_programs : hardening) +
         "\n[Install]\n"
         "WantedBy=multi-user.target\n";
}

std::string socket_unit(Service const& one, std::vector<std::string> const& endpoints) {
  return std::string("[Unit]\n") + "Description=mailstackd: where it listens for " + one.key +
         "\n"
         "Documentation=man:mailstackd(8)\n"
         "\n"
         "[Socket]\n" +
         listen::lines(endpoints) + "FileDescriptorName=" + one.name +
         "\n"
         "Service=" +
         service +
         "\n"
         "Backlog=4096\n"
         "NoDelay=yes\n"
         "\n"
         "[Install]\n"
         "WantedBy=sockets.target\n";
}

}  // namespace mailstack::features::mailstackd
