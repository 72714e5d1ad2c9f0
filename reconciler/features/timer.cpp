/// \file
/// The timer that runs `mailstack reconcile`: renews what runs out and repairs what was changed by
/// hand, whether or not anybody thinks of it.
///
/// Its service is the one process of root's that strangers' answers reach regularly, so it gets no
/// more of the system than it needs (docs/security.md says what stays open, and why).

#include <algorithm>

#include "reconciler/features/feature.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/sysctl/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Manifest;
namespace unit = kinds::unit;

constexpr keys::Key rows[] = {
    {.path = "reconcile",
     .type = Type::mapping,
     .summary = "The timer that repairs drift and renews certificates."},
    {.path = "reconcile.timer",
     .type = Type::choice,
     .fallback = "auto",
     .choices = "auto|never",
     .summary = "`auto`: mailstack-reconcile.timer where units are managed; `never`: something "
                "else, such as cron, runs `mailstack reconcile --yes`.",
     .example = "never"},
    {.path = "reconcile.interval",
     .type = Type::duration,
     .fallback = "10m",
     .minimum = 10,
     .maximum = 7LL * 24 * 3600,
     .summary = "From the end of one run to the start of the next.",
     .example = "1h"},
    {.path = "reconcile.jitter",
     .type = Type::duration,
     .fallback = "2m",
     .minimum = 0,
     .maximum = 24LL * 3600,
     .summary = "Up to so much later, by chance: many hosts do not ask at the same moment.",
     .example = "5m"},
};

/// A word in quotes, as the values of a unit have it (systemd.syntax(7)): nothing in it ends the
/// line or the word. Of a command line (systemd.service(5), "COMMAND LINES") `$` counts, too.
std::string quoted(std::string const& word, std::string_view doubled) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\"";
  for (char const c : word) {
    auto const octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet == 0x7f) {
      text += {'\\', 'x', digits[octet >> 4U], digits[octet & 15U]};
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    if (doubled.find(c) != std::string_view::npos) text += c;
    text += c;
  }
  return text + '"';
}

/// What a run writes beside its state: the daemon's files, units, zone files, the repository.
std::vector<std::string> written(Manifest const& manifest, Facts const& facts) {
  std::vector<std::string> paths{facts.conf_directory, facts.unit_directory};
  paths.insert(paths.end(), facts.here.writes.begin(), facts.here.writes.end());
  if (auto const* values = manifest.root.node("sysctl")) {
    paths.emplace_back("/etc/sysctl.d");
    for (auto const& entry : values->entries) paths.push_back(kinds::sysctl::file_of(entry.key));
  }
  for (auto const& provider : manifest.providers)
    if (provider.type == "zonefile")
      if (auto const path = provider.settings.text("directory"); path.starts_with('/'))
        paths.push_back(path);
  return paths;
}

/// docs/security.md says what stays open, and why.
constexpr char const* hardening =
    "ProtectHome=read-only\n"
    "PrivateTmp=yes\n"
    "PrivateDevices=yes\n"
    "PrivateMounts=yes\n"
    "ProtectKernelTunables=yes\n"
    "ProtectKernelModules=yes\n"
    "ProtectKernelLogs=yes\n"
    "ProtectControlGroups=yes\n"
    "ProtectClock=yes\n"
    "ProtectHostname=yes\n"
    "ProtectProc=invisible\n"
    "NoNewPrivileges=yes\n"
    "RestrictNamespaces=yes\n"
    "RestrictRealtime=yes\n"
    "RestrictSUIDSGID=yes\n"
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
    "LockPersonality=yes\n"
    "MemoryDenyWriteExecute=yes\n"
    "KeyringMode=private\n"
    "UMask=0077\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallFilter=~@resources @keyring @memlock\n"
    "# Refused, not killed: the daemon's own program asks for more files as it starts.\n"
    "SystemCallErrorNumber=EPERM\n"
    "# Files of the daemon's group, and programs that run as its user and as the repository's.\n"
    "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_SETUID CAP_SETGID\n";

std::string service(Manifest const& manifest, Facts const& facts) {
  std::string text = kinds::conf_file::made_by_us;
  text +=
      "[Unit]\n"
      "Description=mailstack: repairs drift and renews certificates\n"
      "Documentation=man:mailstack(1)\n"
      "Wants=network-online.target\n"
      "After=network-online.target\n"
      "\n"
      "[Service]\n"
      "Type=oneshot\n"
      "ExecStart=" +
      quoted(facts.here.program, "%$") + " reconcile --yes";
  for (auto const& argument : facts.here.arguments) text += " " + quoted(argument, "%$");
  text +=
      "\n# Another run is at work, or a name server lags: the next turn is soon.\n"
      "SuccessExitStatus=7 8\n"
      "# For secrets that are written {env: NAME}; {credential: NAME} needs nothing here.\n"
      "EnvironmentFile=-/etc/mailstack/environment\n"
      "TimeoutStartSec=15min\n"
      "StateDirectory=mailstack\n"
      "StateDirectoryMode=0700\n"
      "# What it remembers until the next start of the machine.\n"
      "RuntimeDirectory=mailstack\n"
      "RuntimeDirectoryMode=0700\n"
      "RuntimeDirectoryPreserve=yes\n"
      "\n"
      "ProtectSystem=strict\n"
      "ReadWritePaths=";
  for (auto const& path : written(manifest, facts)) text += "-" + quoted(path, "%") + " ";
  text.back() = '\n';
  return text + hardening;
}

std::string timer(Manifest const& manifest) {
  auto const reconcile = manifest.root.section("reconcile");
  auto const seconds = [&](char const* key) {
    return std::to_string(reconcile.duration(key).count()) + "s\n";
  };
  return std::string(kinds::conf_file::made_by_us) +
         "[Unit]\n"
         "Description=mailstack: time to look at drift and certificates\n"
         "Documentation=man:mailstack(1)\n"
         "\n"
         "[Timer]\n"
         "OnActiveSec=" +
         seconds("interval") + "OnUnitInactiveSec=" + seconds("interval") +
         "RandomizedDelaySec=" + seconds("jitter") +
         "AccuracySec=1s\n"
         "\n"
         "[Install]\n"
         "WantedBy=timers.target\n";
}

/// The service has a /tmp of its own, and the daemon's user, who runs the signing hook, cannot
/// reach everybody's home.
void warn(Facts const& facts, Compiled& out) {
  auto const among = [](std::string const& path, std::initializer_list<char const*> places) {
    return std::any_of(places.begin(), places.end(),
                       [&](char const* place) { return path.starts_with(place); });
  };
  if (auto const& program = facts.here.program;
      among(program, {"/tmp/", "/var/tmp/", "/root/", "/home/"}))
    out.warnings.push_back("units and the signing hook will call " + program +
                           ", which they may not reach: put the program into /usr/local/bin");
  for (auto const& argument : facts.here.arguments)
    if (among(argument, {"/tmp/", "/var/tmp/"}))
      out.warnings.push_back("the timer's service has a /tmp of its own and will not find " +
                             argument + ": put it elsewhere, into /srv or /etc");
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  if (facts.here.runs) warn(facts, out);
  auto const* host = manifest.host(facts.here.host);
  if (host == nullptr || !facts.here.systemd ||
      manifest.root.section("reconcile").text("timer") == "never")
    return;
  auto const source =
      manifest.root.present("reconcile") ? manifest.root.place("reconcile").at : host->place.at;
  auto const say = [&](engine::Resource resource, std::string reason) {
    resource.reason = std::move(reason);
    resource.source = source;
    out.resources.push_back(std::move(resource));
  };
  unit::Wish wish{.enabled = true, .active = true};
  for (auto const& [name, content] :
       {std::pair{"mailstack-reconcile.service", service(manifest, facts)},
        std::pair{"mailstack-reconcile.timer", timer(manifest)}}) {
    auto file =
        kinds::conf_file::file(host->key, facts.unit_directory + "/" + name, content, "0644", {});
    wish.files.push_back(unit::version_of(file));
    say(std::move(file), "drift is repaired and certificates are renewed by it");
  }
  say(unit::unit(host->key, "mailstack-reconcile.timer", wish),
      "drift is repaired and certificates are renewed without anybody who thinks of it");
}

}  // namespace

extern Feature const feature_timer;
Feature const feature_timer{"timer", rows, {}, nullptr, compile};

}  // namespace mailstack::features
