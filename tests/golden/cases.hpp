#pragma once
/// \file
/// The golden folders: finding them, loading what lies there, comparing with what is expected.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/files/memory_files.hpp"
#include "providers/dns_provider.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/load.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::golden {

namespace fs = std::filesystem;

constexpr char const* usual_now = "2026-11-24T12:00:00Z";

inline std::string read(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (auto const& entry : fs::directory_iterator(support::in_source("tests/golden")))
    if (fs::exists(entry.path() / "manifest.yaml")) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

inline manifest::KeyTable const& key_table() {
  static manifest::KeyTable const keys = [] {
    manifest::KeyTable table;
    for (auto const* feature : features::features())
      table.add_feature(feature->name, feature->keys);
    for (auto const* provider : provider_types())
      table.add_provider(provider->name, provider->summary, provider->keys);
    return table;
  }();
  return keys;
}

/// The folder's files as they would lie beside the manifest, under a name that is the same
/// everywhere.
inline void copy_inputs(fs::path const& folder, files::MemoryFiles& files) {
  for (auto const& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    auto const target = "/repo/" + fs::relative(entry.path(), folder).string();
    REQUIRE(files.make_directory(fs::path(target).parent_path().string(), {}));
    REQUIRE(files.write(target, read(entry.path()), {}));
  }
}

inline void expect(fs::path const& file, std::string const& text) {
  char const* update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    if (text.empty())
      fs::remove(file);
    else
      std::ofstream(file, std::ios::binary) << text;
  }
  CHECK(text == (fs::exists(file) ? read(file) : ""));
}

/// The time at which the folder is compiled: its file `now`, else the usual one.
inline TimePoint now_of(fs::path const& folder) {
  auto text = fs::exists(folder / "now") ? read(folder / "now") : usual_now;
  text.erase(text.find_last_not_of('\n') + 1);
  auto const now = parse_time(text);
  REQUIRE(now);
  return *now;
}

/// host.txt: what was observed of the host that runs (features::Facts::Here), a line each:
/// `systemd`, `daemon_version 1.11-2+b2`. Without it nothing was.
inline features::Facts facts_of(fs::path const& folder, manifest::Manifest const& manifest) {
  auto facts = features::facts_for(manifest.daemon);
  std::ifstream in(folder / "host.txt");
  if (!in || manifest.hosts.empty()) return facts;
  auto& here = facts.here;
  here.host = manifest.hosts.front().key;
  here.runs = true;
  here.program = "/usr/bin/mailstack";
  here.arguments = {"--manifest", "/repo/mailstack.yaml", "--as", here.host};
  here.writes = {"/var/lib/mailstack", "/repo"};
  for (std::string word; in >> word;) {
    if (word == "systemd") here.systemd = true;
    if (word == "without_systemd") here.without_systemd = "systemd does not run here";
    if (word == "daemon_version") in >> here.daemon_version;
    if (word == "daemon_program") in >> here.daemon_program;
    if (word == "address") in >> here.addresses.emplace_back();
    if (word == "program") in >> here.program;
  }
  return facts;
}

}  // namespace mailstack::golden
