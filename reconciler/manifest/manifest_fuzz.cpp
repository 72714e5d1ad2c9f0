/// \file
/// Fuzzes the way of a manifest from text to the typed struct, and the in-place editor on what
/// parses: each edit is undone by its opposite, and what was added can be looked up. A line `%%`
/// divides the manifest from `/m/more/a.yaml`, which it may include.
// parser: yaml/parse.cpp reconciler/manifest/include.cpp
// parser: reconciler/manifest/check.cpp yaml/values.cpp
// parser: yaml/source_text.hpp reconciler/manifest/layout.hpp
// parser: reconciler/manifest/splice.cpp reconciler/manifest/edit.cpp
// parser: reconciler/manifest/build_hosts.cpp reconciler/manifest/build_zones.cpp
// parser: reconciler/manifest/build_domains.cpp reconciler/manifest/mail_rules.cpp

#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/files/memory_files.hpp"
#include "reconciler/manifest/edit.hpp"
#include "reconciler/manifest/load.hpp"
#include "reconciler/manifest/splice.hpp"

using namespace mailstack;

namespace {

keys::Key const rows[] = {
    {.path = "directory", .type = keys::Type::path, .required = true},
    {.path = "key", .type = keys::Type::secret},
    {.path = "url", .type = keys::Type::url},
    {.path = "wait", .type = keys::Type::duration, .fallback = "5s"},
    {.path = "size", .type = keys::Type::size, .fallback = "5M"},
};

constexpr std::string_view hash =
    "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0\n";

manifest::KeyTable const& table() {
  static manifest::KeyTable const one = [] {
    manifest::KeyTable made;
    made.add_provider("zonefile", "files", rows);
    return made;
  }();
  return one;
}

void require(bool condition) {
  if (!condition) std::abort();
}

/// Edits that are refused are fine; one that is returned must be undone by its opposite.
void splice(std::string const& text, manifest::KeyPath const& path, std::string_view value) {
  auto const added = manifest::set_value(text, path, value);
  if (!added) return;
  auto const removed = manifest::remove_value(*added, path);
  if (removed) require(!manifest::remove_value(*removed, path));
}

/// What `mailstack user` and `mailstack alias` do to a manifest that is right.
void edit(files::MemoryFiles& files, manifest::Manifest const& made) {
  manifest::Editor editor(files, "/m/mailstack.yaml", table());
  for (auto const& domain : made.domains) {
    auto const address = "fuzz@" + domain.name.display();
    for (auto const& done :
         {editor.add_user(address, manifest::PasswordForm{"hash_file", "secrets/fuzz"}),
          editor.add_user(address, std::nullopt), editor.set_user_state(address, "disabled"),
          editor.add_alias(address, {"fuzz@example.net", "other@example.net"}),
          editor.add_alias("*@" + domain.name.display(), {"fuzz@example.net"}),
          editor.remove_alias("*@" + domain.name.display())})
      if (done) require(done->path.starts_with("/m/"));
    auto const done = editor.add_user(address, std::nullopt);
    if (!done) continue;
    // The domain may stand in the other file.
    require(files.write(done->path, done->after, {}).has_value());
    require(!editor.add_user(address, std::nullopt));
    auto const undone = editor.remove_user(address);
    if (undone) require(undone->after != done->after);
    require(files.write(done->path, done->before, {}).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const all(reinterpret_cast<char const*>(data), size);
  auto const border = all.find("\n%%\n");
  auto const text = all.substr(0, border);
  files::MemoryFiles files;
  require(files.make_directory("/m/more", {}) && files.make_directory("/m/secrets", {}));
  require(files.write("/m/mailstack.yaml", text, {}).has_value());
  if (border != std::string::npos)
    require(files.write("/m/more/a.yaml", all.substr(border + 4), {}).has_value());
  require(files.write("/m/secrets/hash", hash, {}) && files.write("/m/secrets/bad", "x", {}));
  manifest::Diagnostics diagnostics;
  auto const made = manifest::load(files, "/m/mailstack.yaml", table(), diagnostics);
  require(made.has_value() != diagnostics.failed());
  for (auto const* key : {"example.org", "a b"})
    splice(text, {"domains", key, "users", "fuzz"}, "{receive: false}");
  splice(text, {"domains"}, "~");
  (void)manifest::append_item(text, {"domains", "example.org", "aliases", "team"}, "fuzz");
  if (made) edit(files, *made);
  return 0;
}
