/// \file
/// The timer that runs `mailstack reconcile`: renews what runs out and repairs what was changed by
/// hand, whether or not anybody thinks of it.
///
/// Its service is the one process of root's that strangers' answers reach regularly, so it gets no
/// more of the system than it needs (docs/security.md says what stays open, and why).

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

constexpr char const* note =
    "# Made by mailstack from the manifest: change it there, edits here are undone.\n";

/// One word of a command line in a unit (systemd.service(5), "COMMAND LINES").
std::string quoted(std::string const& word) {
  std::string text = "\"";
  for (char const c : word) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '%' || c == '$') text += c;
    text += c;
  }
  return text + '"';
}

/// A path in a list of paths.
std::string path_word(std::string const& path) {
  std::string text = "\"";
  for (char const c : path) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '%') text += c;
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

std::string service(Manifest const& manifest, Facts const& facts) {
  std::string text = note;
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
      quoted(facts.here.program) + " reconcile --yes";
  for (auto const& argument : facts.here.arguments) text += " " + quoted(argument);
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
  for (auto const& path : written(manifest, facts)) text += "-" + path_word(path) + " ";
  text.back() = '\n';
  text +=
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
  return text;
}

std::string timer(Manifest const& manifest) {
  auto const reconcile = manifest.root.section("reconcile");
  auto const seconds = [&](char const* key) {
    return std::to_string(reconcile.duration(key).count()) + "s\n";
  };
  return std::string(note) +
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

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
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
