/// \file
/// The daemon as units of systemd: Debian's chasquid.service and its three sockets, their ports in
/// drop-ins, the hook that signs for a chasquid that cannot, and a trial before it is started with
/// anything new.
///
/// What the service loads stands in many features' resources; loads/ tells it.

#include <algorithm>

#include "reconciler/features/chasquid/chasquid.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/listen/listen.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Host;
using manifest::Manifest;
namespace unit = kinds::unit;

constexpr keys::Key rows[] = {
    {.path = "systemd", .type = Type::mapping, .summary = "Units of the hosts."},
    {.path = "systemd.manage",
     .type = Type::choice,
     .fallback = "auto",
     .choices = "auto|never",
     .summary = "`auto`: the daemon's units are started, restarted and watched where systemd runs; "
                "`never`: files and users only.",
     .example = "never"},
    {.path = "daemon.listen.smtp",
     .type = Type::endpoint,
     .list = true,
     .fallback = "[\":25\"]",
     .summary = "Where other servers bring mail.",
     .example = "[\"203.0.113.10:25\", \"[2001:db8::10]:25\"]"},
    {.path = "daemon.listen.submission",
     .type = Type::endpoint,
     .list = true,
     .fallback = "[\":587\"]",
     .summary = "Where users bring mail, with STARTTLS (RFC 6409).",
     .example = "[\":587\"]"},
    {.path = "daemon.listen.submissions",
     .type = Type::endpoint,
     .list = true,
     .fallback = "[\":465\"]",
     .summary = "Where users bring mail, under TLS from the first octet (RFC 8314).",
     .example = "[\":465\"]"},
};

/// One of the three sockets of Debian's package.
struct Socket {
  char const* key;   ///< below `daemon.listen`
  char const* name;  ///< of the unit
  bool starttls;
};
constexpr Socket sockets[] = {
    {"smtp", "chasquid-smtp.socket", true},
    {"submission", "chasquid-submission.socket", true},
    {"submissions", "chasquid-submission_tls.socket", false},
};

/// Runs chasquid on the configuration that it would start with, as the user that it runs as, on
/// ports of nobody and with an empty queue, until it listens. $1 is the configuration.
constexpr char const* trial = R"(d=$(mktemp -d) || exit 1
trap 'kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
mkdir "$d/data"
chasquid -config_dir="$1" -config_overrides="smtp_address: '127.0.0.1:0'
submission_address: '127.0.0.1:0' submission_over_tls_address: '127.0.0.1:0'
monitoring_address: '127.0.0.1:0' mail_log_path: '<stdout>' data_dir: '$d/data'" >"$d/log" 2>&1 &
pid=$!
for i in $(seq 200); do
  if grep -qs 'Server listening' "$d/log"; then exit 0; fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
cat "$d/log"
exit 1)";

constexpr long long mebibyte = 1024LL * 1024;

/// Debian's hook looks for programs that sign; this one knows its own. What else a hook should do,
/// a file of the administrator's does. `most`: MiB that a message may have.
std::string hook(Facts const& facts, long long most) {
  auto const& conf = facts.conf_directory;
  return "#!/bin/sh\n"
         "# Made by mailstack: chasquid before 1.14 does not sign by itself.\n"
         "# Other filters: an executable " +
         conf +
         "/hooks/post-data.local gets each message first; what\n"
         "# it prints is put in front, and its exit status counts.\n"
         "set -e\n"
         "message=$(mktemp)\n"
         "trap 'rm -f \"$message\"' EXIT\n"
         "cat >\"$message\"\n"
         "if [ -x " +
         conf + "/hooks/post-data.local ]; then " + conf +
         "/hooks/post-data.local <\"$message\"; fi\n"
         "# Mail of our own users only: a stranger's From: must not get our signature. What is "
         "said\n"
         "# last here is what the client reads.\n"
         "if [ -n \"$AUTH_AS\" ]; then\n  '" +
         facts.here.program + "' dkim-sign --conf=" + conf + " --most=" + std::to_string(most) +
         " --from=\"$MAIL_FROM\" <\"$message\" || {\n"
         "    echo 'it could not be signed: is there one From field, can the DKIM keys be read?'\n "
         "   exit 75\n  }\nfi\n";
}

constexpr manifest::Code codes[] = {
    {"listen-not-an-address", "The daemon cannot listen there",
     "Its ports are sockets of systemd, which listen on all addresses or on one that is written "
     "as numbers, each with a port.\n\n"
     "Wrong:  listen: {smtp: [\"smtp.example.org:25\", \"192.0.2.1\"]}\n"
     "Right:  listen: {smtp: [\"192.0.2.1:25\", \"[2001:db8::1]:25\"], submission: \":587\"}"},
    {"listen-nowhere", "One of the daemon's three services would listen nowhere",
     "Debian's chasquid.service needs its three sockets, and does not start without one of "
     "them.\n\nLeave the key out for the usual port. To close a service to others, listen on "
     "127.0.0.1 alone."},
};

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  auto const listen = manifest.root.section("daemon").section("listen");
  for (auto const& socket : sockets) {
    if (!listen.present(socket.key)) continue;
    auto const all = listen.texts(socket.key);
    if (all.empty() && manifest.daemon == manifest::Daemon::chasquid) {
      auto& problem = diagnostics.error("listen-nowhere", listen.place(socket.key),
                                        std::string("`") + socket.key + "` would listen nowhere");
      problem.cause = "chasquid.service does not start without one of its sockets";
      problem.remedy = "leave it out for the usual port, or listen on 127.0.0.1 alone";
    }
    for (auto const& endpoint : all) {
      if (listen::can_listen(endpoint)) continue;
      auto& problem = diagnostics.error("listen-not-an-address", listen.place(socket.key),
                                        "the daemon cannot listen on `" + endpoint + "`");
      problem.cause = "a socket takes a port, with or without an address in front";
      problem.remedy = "write :PORT, ADDRESS:PORT or [IPv6]:PORT";
    }
  }
}

/// Made for one host.
class Units {
 public:
  Units(Manifest const& manifest, Facts const& facts, Host const& host, Compiled& out)
      : manifest_(manifest),
        facts_(facts),
        host_(host),
        daemon_(manifest.root.section("daemon")),
        listen_(daemon_.section("listen")),
        source_(manifest.root.present("daemon") ? manifest.root.place("daemon").at : host.place.at),
        out_(out) {}

  void add() {
    warn();
    sign();
    if (auto const& why = facts_.here.without_systemd; !why.empty())
      out_.unmanaged.push_back("units (" + why + ")");
    if (!facts_.here.systemd) return;
    auto service = proved();
    service.enabled = true;
    service.reload = unit::Reload::restart;
    service.because =
        "open sessions may be cut; the sockets stay open, so no connection is refused";
    for (auto const& socket : sockets) {
      auto made = add_socket(socket);
      service.needs.emplace_back(engine::Reference{made.address, "unit"});
      auto const ports = made.spec.texts("ports");
      service.ports.insert(service.ports.end(), ports.begin(), ports.end());
    }
    say(unit::unit(host_.key, chasquid::service, service),
        "the mail of host " + host_.key + " goes through it");
  }

 private:
  void warn() {
    if (!facts_.here.runs) return;
    if (facts_.here.daemon_version.empty())
      out_.warnings.push_back("chasquid is not installed: `" + unit::install_command("chasquid") +
                              "` first");
    auto const kept = records::kept_here(manifest_);
    if (!kept.empty() && !facts_.here.delivers)
      out_.warnings.push_back("mail for " + kept +
                              " is handed to maildrop, which is not installed, and bounces: "
                              "`apt-get install maildrop`, or an alias with the user's name sends "
                              "it on");
  }

  void sign() {
    auto const release = chasquid::parse_release(facts_.here.daemon_version);
    if (!release) return;
    if (*release < chasquid::strict_data)
      out_.warnings.push_back(
          "chasquid " + facts_.here.daemon_version +
          " takes a bare line feed for the end of a message, so strangers can smuggle mail past "
          "the checks of others (CVE-2023-52354): 1.13 and later do not");
    if (*release >= chasquid::signs) return;
    say(kinds::conf_file::file(
            host_.key, facts_.conf_directory + "/hooks/post-data",
            hook(facts_, daemon_.section("limits").number("message_size") / mebibyte), "0755", {}),
        "chasquid " + facts_.here.daemon_version + " does not sign by itself");
  }

  /// What is started only after a trial, and then asked for under the host's name.
  [[nodiscard]] unit::Wish proved() const {
    return {.active = true,
            .package = "chasquid",
            .trial = {"sh", "-c", trial, "sh", facts_.conf_directory},
            .trial_by = "/var/lib/chasquid",
            .name = host_.fqdn.display()};
  }

  engine::Resource add_socket(Socket const& socket) {
    // Who connects starts the daemon, and a changed socket restarts it: the trial comes before.
    auto wish = proved();
    for (auto const& endpoint : listen_.texts(socket.key))
      wish.ports.push_back((socket.starttls ? "starttls " : "tls ") + listen::reached(endpoint));
    if (listen_.present(socket.key)) {
      auto text = std::string(kinds::conf_file::made_by_us) +
                  "[Socket]\n# Empties the list of the package's own.\nListenStream=\n";
      text += listen::lines(listen_.texts(socket.key));
      auto drop_in = kinds::conf_file::file(
          host_.key, facts_.unit_directory + "/" + socket.name + ".d/50-mailstack.conf",
          std::move(text), "0644", {});
      wish.files.push_back(unit::version_of(drop_in));
      say(std::move(drop_in), std::string("the ports of ") + socket.name);
    }
    auto resource = unit::unit(host_.key, socket.name, wish);
    say(resource, "it holds the ports while chasquid restarts");
    return resource;
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
  manifest::Section daemon_, listen_;
  engine::Source source_;
  Compiled& out_;
};

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  auto const* host = manifest.host(facts.here.host);
  if (manifest.daemon != manifest::Daemon::chasquid || !records::serves_mail(manifest) ||
      host == nullptr || !records::runs_daemon(*host))
    return;
  Units(manifest, facts, *host, out).add();
}

}  // namespace

extern Feature const feature_daemon_units;
Feature const feature_daemon_units{"daemon_units", rows, codes, check, compile};

}  // namespace mailstack::features
