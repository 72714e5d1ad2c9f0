/// \file
/// Fuzzes the way of a manifest from text to the typed struct, and the in-place editor on what
/// parses: whatever the editor returns must still load to the same problems or none.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/files/memory_files.hpp"
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

manifest::KeyTable const& table() {
  static manifest::KeyTable const one = [] {
    manifest::KeyTable made;
    made.add_provider("zonefile", "files", rows);
    return made;
  }();
  return one;
}

/// Edits that are refused are fine; one that is returned must be undone by its opposite.
void edit(std::string const& text) {
  manifest::KeyPath const path{"domains", "example.org", "users", "fuzz"};
  auto const added = manifest::set_value(text, path, "{}");
  if (!added) return;
  auto const removed = manifest::remove_value(*added, path);
  if (removed && manifest::remove_value(*removed, path)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const text(reinterpret_cast<char const*>(data), size);
  files::MemoryFiles files;
  manifest::Diagnostics diagnostics;
  auto const made = manifest::load_text(files, "/m/mailstack.yaml", text, table(), diagnostics);
  if (made.has_value() == diagnostics.failed()) std::abort();
  edit(text);
  return 0;
}
