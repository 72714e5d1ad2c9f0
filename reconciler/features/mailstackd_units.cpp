/// \file
/// mailstackd as units of systemd: the account that it runs as, its service, and a socket for each
/// of its three services. All of them are files of ours.

#include "reconciler/features/feature.hpp"
#include "reconciler/features/listen/listen.hpp"
#include "reconciler/features/mailstackd/mailstackd.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/account/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

namespace mailstack::features {
namespace {

using manifest::Host;
using manifest::Manifest;
namespace unit = kinds::unit;

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

std::string service(Manifest const& manifest, Facts const& facts, std::string const& sockets) {
  return std::string(kinds::conf_file::made_by_us) +
         "[Unit]\n"
         "Description=mailstackd: takes mail, keeps it, brings it on\n"
         "Documentation=man:mailstackd(8)\n"
         "Wants=network-online.target\n"
         "After=network-online.target nss-lookup.target\n"
         "\n"
         "[Service]\n"
         "Type=notify\n"
         "NotifyAccess=main\n"
         "ExecStart=" +
         facts.here.daemon_program + " --config " + facts.conf_directory +
         "\n"
         "ExecReload=/bin/kill -HUP $MAINPID\n"
         "User=" +
         facts.conf_group + "\nGroup=" + facts.conf_group + "\n" +
         (sockets.empty() ? "" : "Sockets=" + sockets + "\n") +
         "Restart=on-failure\n"
         "RestartSec=1s\n"
         "WatchdogSec=30s\n"
         "# Sessions may finish the message that they are at.\n"
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
         (records::kept_here(manifest).empty() ? hardening : for_programs) +
         "\n[Install]\n"
         "WantedBy=multi-user.target\n";
}

std::string socket(mailstackd::Service const& one, std::vector<std::string> const& endpoints) {
  return std::string(kinds::conf_file::made_by_us) +
         "[Unit]\n"
         "Description=mailstackd: where it listens for " +
         one.key +
         "\n"
         "Documentation=man:mailstackd(8)\n"
         "\n"
         "[Socket]\n" +
         listen::lines(endpoints) + "FileDescriptorName=" + one.name +
         "\n"
         "Service=" +
         mailstackd::service +
         "\n"
         "Backlog=4096\n"
         "NoDelay=yes\n"
         "\n"
         "[Install]\n"
         "WantedBy=sockets.target\n";
}

/// Made for one host.
class Units {
 public:
  Units(Manifest const& manifest, Facts const& facts, Host const& host, Compiled& out)
      : manifest_(manifest),
        facts_(facts),
        host_(host),
        source_(manifest.root.present("daemon") ? manifest.root.place("daemon").at : host.place.at),
        out_(out) {}

  void add() {
    if (facts_.here.runs)
      say(kinds::account::account(host_.key, facts_.conf_group, mailstackd::home),
          "mailstackd runs as it, and its group reads what the daemon reads");
    if (auto const& why = facts_.here.without_systemd; !why.empty())
      out_.unmanaged.push_back("units (" + why + ")");
    if (!facts_.here.systemd) return;
    if (facts_.here.daemon_program.empty()) {
      out_.warnings.emplace_back(
          "mailstackd is not installed: put it into /usr/sbin or /usr/local/sbin, or beside "
          "mailstack; without it its units are not managed");
      return;
    }
    add_service();
  }

 private:
  void add_service() {
    auto wish = proved();
    wish.reload = unit::Reload::reload;
    wish.because = "a reload cuts no session; in a restart the sockets stay open";
    wish.asks = mailstackd::control_socket;
    wish.tree = facts_.conf_directory;
    std::string sockets;
    for (auto const& one : mailstackd::services) {
      auto const endpoints = manifest_.root.section("daemon").section("listen").texts(one.key);
      if (endpoints.empty()) continue;
      sockets += (sockets.empty() ? "" : " ") + std::string(one.socket);
      auto const made = add_socket(one, endpoints);
      wish.needs.emplace_back(engine::Reference{made.address, "unit"});
      auto const ports = made.spec.texts("ports");
      wish.ports.insert(wish.ports.end(), ports.begin(), ports.end());
    }
    wish.files.push_back(unit::version_of(add_file(
        mailstackd::service, service(manifest_, facts_, sockets), "mailstackd is started by it")));
    say(unit::unit(host_.key, mailstackd::service, wish),
        "the mail of host " + host_.key + " goes through it");
  }

  engine::Resource add_socket(mailstackd::Service const& one,
                              std::vector<std::string> const& endpoints) {
    // Who connects starts the daemon: the trial comes before.
    auto wish = proved();
    for (auto const& endpoint : endpoints)
      wish.ports.push_back((one.starttls ? "starttls " : "tls ") + listen::reached(endpoint));
    wish.files.push_back(unit::version_of(
        add_file(one.socket, socket(one, endpoints), std::string("the ports of ") + one.key)));
    auto resource = unit::unit(host_.key, one.socket, wish);
    say(resource, "it holds the ports while mailstackd restarts");
    return resource;
  }

  engine::Resource add_file(std::string const& name, std::string content, std::string reason) {
    auto file = kinds::conf_file::file(host_.key, facts_.unit_directory + "/" + name,
                                       std::move(content), "0644", {});
    say(file, std::move(reason));
    return file;
  }

  /// What is started only after a trial, and then asked for under the host's name.
  [[nodiscard]] unit::Wish proved() const {
    return {
        .enabled = true,
        .active = true,
        .trial = {facts_.here.daemon_program, "check", "config", "--config", facts_.conf_directory},
        .trial_by = mailstackd::home,
        .name = host_.fqdn.display()};
  }

  void say(engine::Resource resource, std::string reason) {
    resource.reason = std::move(reason);
    resource.source = source_;
    resource.group = host_.key;
    resource.lane = "host/" + host_.key;
    out_.resources.push_back(std::move(resource));
  }

  Manifest const& manifest_;
  Facts const& facts_;
  Host const& host_;
  engine::Source source_;
  Compiled& out_;
};

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  auto const* host = manifest.host(facts.here.host);
  if (manifest.daemon != manifest::Daemon::mailstackd || !records::serves_mail(manifest) ||
      host == nullptr || !records::runs_daemon(*host))
    return;
  Units(manifest, facts, *host, out).add();
}

}  // namespace

extern Feature const feature_mailstackd_units;
Feature const feature_mailstackd_units{"mailstackd_units", {}, {}, nullptr, compile};

}  // namespace mailstack::features
