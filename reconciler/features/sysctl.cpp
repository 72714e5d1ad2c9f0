/// \file
/// Values of the kernel that mail needs (IPv6 that is not switched off): in a file for every start,
/// and live.

#include <algorithm>

#include "reconciler/features/feature.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/sysctl/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Manifest;

constexpr keys::Key rows[] = {
    {.path = "sysctl",
     .type = Type::mapping,
     .summary = "Values of the kernel, by their keys: live, and in a file for every start."},
    {.path = "sysctl.*",
     .type = Type::string,
     .summary = "One value, as `sysctl` shows it.",
     .example = "0"},
};

/// Letters, digits and what separates them: no key leads out of /proc/sys.
bool is_key(std::string_view key) {
  constexpr std::string_view legal =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  return key.find('.') != std::string_view::npos &&
         key.find_first_not_of(legal) == std::string_view::npos &&
         key.find("..") == std::string_view::npos && key.find("//") == std::string_view::npos &&
         !key.starts_with('.') && !key.ends_with('.') && !key.starts_with('-') &&
         key.find('.') < key.find('/');
}

/// What the kernel starts as root: who writes the manifest must not thereby run commands.
bool runs_programs(std::string_view key, std::string_view value) {
  for (auto const* one : {"kernel.modprobe", "kernel.hotplug", "kernel.poweroff_cmd",
                          "kernel.usermodehelper.", "fs.binfmt_misc."})
    if (key.starts_with(one)) return true;
  return key == "kernel.core_pattern" && kinds::sysctl::plain(value).starts_with('|');
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  auto const* values = manifest.root.node("sysctl");
  if (values == nullptr || values->entries.empty()) return;
  for (auto const& host : manifest.hosts) {
    std::string text = kinds::conf_file::made_by_us;
    for (auto const& entry : values->entries)
      text += entry.key + " = " + kinds::sysctl::plain(entry.value.scalar) + "\n";
    auto file =
        kinds::conf_file::file(host.key, "/etc/sysctl.d/99-mailstack.conf", text, "0644", {});
    file.reason = "the kernel of host " + host.key + " gets these values at every start";
    file.source = manifest.root.place("sysctl").at;
    auto const live = host.key == facts.here.host && facts.here.runs;
    if (live)
      for (auto const& entry : values->entries) {
        auto value = kinds::sysctl::value(host.key, entry.key,
                                          kinds::sysctl::plain(entry.value.scalar), file);
        value.source = entry.value.place.at;
        out.resources.push_back(std::move(value));
      }
    else if (host.key == facts.here.host)
      out.unmanaged.emplace_back("values of the kernel (below --root nothing runs)");
    out.resources.push_back(std::move(file));
  }
}

constexpr manifest::Code codes[] = {
    {"sysctl-key", "Not a key of sysctl",
     "A key has parts between dots, as `sysctl -a` shows them; a dot inside of a part (a VLAN) is "
     "written as a slash.\n\n"
     "Wrong:  sysctl: {/proc/sys/net/ipv6: 0}\n"
     "Right:  sysctl: {net.ipv6.conf.all.disable_ipv6: 0}"},
    {"sysctl-runs-programs", "A value of the kernel that names a program",
     "The kernel starts such programs as root, and who writes the manifest must not thereby run "
     "commands.\n\nWrong:  sysctl: {kernel.core_pattern: \"|/usr/bin/dump %p\"}\n"
     "Right:  a file of your own below /etc/sysctl.d."},
};

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  auto const* values = manifest.root.node("sysctl");
  if (values == nullptr) return;
  for (auto const& entry : values->entries) {
    if (runs_programs(entry.key, entry.value.scalar)) {
      auto& problem = diagnostics.error("sysctl-runs-programs", entry.key_place,
                                        "`" + entry.key + "` would have the kernel run a program");
      problem.cause = "who writes the manifest must not thereby run commands";
      problem.remedy = "set it in a file of your own below /etc/sysctl.d";
    }
    if (is_key(entry.key)) continue;
    auto& problem =
        diagnostics.error("sysctl-key", entry.key_place, "`" + entry.key + "` is no key of sysctl");
    problem.cause = "a key has parts between dots";
    problem.remedy = "write it as `sysctl -a` shows it";
  }
}

}  // namespace

extern Feature const feature_sysctl;
Feature const feature_sysctl{"sysctl", rows, codes, check, compile};

}  // namespace mailstack::features
