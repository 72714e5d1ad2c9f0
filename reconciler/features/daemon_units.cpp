/// \file
/// The daemon as units of systemd: Debian's chasquid.service and its three sockets, their ports in
/// drop-ins, the hook that signs for a chasquid that cannot, and a trial before it is started with
/// anything new.
///
/// What the service loads stands in many features' resources; loads/ tells it.

#include <algorithm>

#include "core/text/listed.hpp"
#include "reconciler/features/chasquid/chasquid.hpp"
#include "reconciler/features/feature.hpp"
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
  if grep -q 'Server listening' "$d/log"; then exit 0; fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
cat "$d/log"
exit 1)";

/// Debian's hook looks for programs that sign; this one knows its own. What else a hook should do,
/// a file of the administrator's does.
std::string hook(Facts const& facts) {
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
         facts.here.program + "' dkim-sign --conf=" + conf +
         " --from=\"$MAIL_FROM\" <\"$message\" || {\n"
         "    echo 'the DKIM keys cannot be used'\n    exit 75\n  }\nfi\n";
}

/// What ListenStream= calls `:25`.
std::string stream(std::string const& endpoint) {
  return endpoint.starts_with(':') ? endpoint.substr(1) : endpoint;
}

/// Where this host reaches what listens on `endpoint`.
std::string reached(std::string const& endpoint) {
  auto const port = endpoint.substr(endpoint.rfind(':'));
  if (endpoint.starts_with(':') || endpoint.starts_with("0.0.0.0:")) return "127.0.0.1" + port;
  return endpoint.starts_with("[::]:") ? "[::1]" + port : endpoint;
}

/// Made for one host.
class Units {
 public:
  Units(Manifest const& manifest, Facts const& facts, Host const& host, Compiled& out)
      : facts_(facts),
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
    unit::Wish service{.enabled = true,
                       .active = true,
                       .reload = unit::Reload::restart,
                       .because =
                           "open sessions may be cut; the sockets stay open, so no "
                           "connection is refused",
                       .package = "chasquid",
                       .trial = {"sh", "-c", trial, "sh", facts_.conf_directory},
                       .trial_by = "/var/lib/chasquid",
                       .name = host_.fqdn.display()};
    for (auto const& socket : sockets) {
      auto made = add_socket(socket);
      service.needs.emplace_back(engine::Reference{made.address, "unit"});
      for (auto const& endpoint : listen_.texts(socket.key))
        service.ports.push_back((socket.starttls ? "starttls " : "tls ") + reached(endpoint));
    }
    say(unit::unit(host_.key, chasquid::service, service),
        "the mail of host " + host_.key + " goes through it");
  }

 private:
  /// The timer's service has a /tmp of its own, and the daemon's user cannot reach everybody's
  /// home.
  void warn() {
    auto const& program = facts_.here.program;
    for (auto const* place : {"/tmp/", "/var/tmp/", "/root/", "/home/"})
      if (program.starts_with(place))
        out_.warnings.push_back("units and the signing hook will call " + program +
                                ", which they may not reach: put the program into /usr/local/bin");
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
    say(kinds::conf_file::file(host_.key, facts_.conf_directory + "/hooks/post-data", hook(facts_),
                               "0755", {}),
        "chasquid " + facts_.here.daemon_version + " does not sign by itself");
  }

  engine::Resource add_socket(Socket const& socket) {
    unit::Wish wish{.active = true, .package = "chasquid"};
    if (listen_.present(socket.key)) {
      std::string text =
          "# Made by mailstack from the manifest: change it there, edits here are undone.\n"
          "[Socket]\n# Empties the list of the package's own.\nListenStream=\n";
      for (auto const& endpoint : listen_.texts(socket.key))
        text += "ListenStream=" + stream(endpoint) + "\n";
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

  Facts const& facts_;
  Host const& host_;
  manifest::Section daemon_, listen_;
  engine::Source source_;
  Compiled& out_;
};

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  bool const any = std::any_of(manifest.domains.begin(), manifest.domains.end(),
                               [](auto const& domain) { return records::sends(domain); });
  auto const* host = manifest.host(facts.here.host);
  if (!any || host == nullptr || (!host->mx && !host->submit && !host->send)) return;
  Units(manifest, facts, *host, out).add();
}

}  // namespace

extern Feature const feature_daemon_units;
Feature const feature_daemon_units{"daemon_units", rows, {}, nullptr, compile};

}  // namespace mailstack::features
