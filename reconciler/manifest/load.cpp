#include "reconciler/manifest/load.hpp"

#include "reconciler/manifest/build.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/include.hpp"

namespace mailstack::manifest {

namespace {

bool lost(Node const* parent, char const* key) {
  if (!parent) return false;
  Node const* node = parent->find(key);
  return parent->lost || (node && node->lost);
}

/// Whether names are missing from the four collections, as far as the form tells.
LeftOut left_out(Node const& root) {
  Node const* dns = root.find("dns");
  bool const no_dns = root.lost && !dns;
  return {lost(&root, "hosts"), no_dns || lost(dns, "providers"), no_dns || lost(dns, "zones"),
          lost(&root, "domains")};
}

std::optional<Manifest> build(files::Files& files, std::optional<Joined> joined,
                              KeyTable const& table, Diagnostics& diagnostics,
                              Outline const& outline) {
  if (!joined) return std::nullopt;
  auto tree = std::make_shared<Node>(std::move(joined->root));
  if (tree->place.at.file.empty()) tree->place = {{joined->files.front().name, 1, 1}, 0};
  check(*tree, table, diagnostics);
  tree->lost |= joined->lost;

  Manifest out;
  out.file = joined->files.front().name;
  out.directory = joined->directory;
  out.digest = digest_of(joined->files);
  for (SourceFile const& file : joined->files) out.files.push_back(file.name);
  out.tree = tree;
  out.root = Section(table, "", {tree.get()});
  out.defaults_version = out.root.text("defaults_version");
  out.root.pin(out.defaults_version);
  out.daemon =
      out.root.section("daemon").text("type") == "chasquid" ? Daemon::chasquid : Daemon::mailstackd;

  out.left_out = left_out(*tree);

  Build steps{files, table, *tree, diagnostics, out};
  build_safety(steps);
  build_hosts(steps);
  build_providers(steps);
  build_zones(steps);
  build_domains(steps);
  derive_zones(steps);
  if (outline && !diagnostics.failed()) outline(out);
  build_records(steps);
  derive_aliases(steps);
  check_mail_rules(steps);
  return out;
}

std::optional<Manifest> only_whole(std::optional<Manifest> built, Diagnostics const& diagnostics) {
  if (diagnostics.failed()) return std::nullopt;
  return built;
}

}  // namespace

std::optional<Manifest> load(files::Files& files, std::string const& path, KeyTable const& table,
                             Diagnostics& diagnostics) {
  return only_whole(load_sound(files, path, table, diagnostics), diagnostics);
}

std::optional<Manifest> load_sound(files::Files& files, std::string const& path,
                                   KeyTable const& table, Diagnostics& diagnostics,
                                   Outline const& outline) {
  return build(files, read_and_join(files, path, table, diagnostics), table, diagnostics, outline);
}

std::optional<Manifest> load_text(files::Files& files, std::string const& name,
                                  std::string_view text, KeyTable const& table,
                                  Diagnostics& diagnostics) {
  return only_whole(load_sound_text(files, name, text, table, diagnostics), diagnostics);
}

std::optional<Manifest> load_sound_text(files::Files& files, std::string const& name,
                                        std::string_view text, KeyTable const& table,
                                        Diagnostics& diagnostics) {
  std::string const path = absolute(directory_of(name), name.substr(name.rfind('/') + 1));
  return build(files, join(files, {name, path, std::string(text)}, table, diagnostics), table,
               diagnostics, {});
}

}  // namespace mailstack::manifest
