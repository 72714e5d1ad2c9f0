/// \file
/// Every folder here is a manifest and what becomes of it. UPDATE_GOLDEN=1 rewrites the
/// expectation; the review sees the difference.

#include "tests/golden/cases.hpp"
#include "tests/golden/resource_text.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::golden {
namespace {

std::string format_compiled(features::Compiled const& compiled) {
  std::ostringstream text;
  for (auto const& resource : compiled.resources) text << format_resource(resource);
  for (auto const& owed : compiled.owed) {
    text << "owed by " << owed.who << ": " << owed.what << "\n";
    if (owed.record)
      text << "  " << owed.record->name.text() << " " << owed.record->ttl << " "
           << owed.record->type.text() << " " << owed.record->values.at(0) << "\n";
  }
  for (auto const& words : compiled.warnings) text << "warning: " << words << "\n";
  for (auto const& word : compiled.unmanaged) text << "not managed: " << word << "\n";
  for (auto const& [at, what] : compiled.timeline) text << format(at) << " " << what << "\n";
  return text.str();
}

std::string format_diagnostics(manifest::Diagnostics const& diagnostics) {
  std::ostringstream text;
  for (auto const& problem : diagnostics.all()) {
    auto const* severity = problem.severity == manifest::Severity::error     ? "error"
                           : problem.severity == manifest::Severity::warning ? "warning"
                                                                             : "information";
    text << severity << " " << problem.code << " at " << where(problem.place.at) << "+"
         << problem.place.octets << "\n  " << problem.message << "\n  because " << problem.cause
         << "\n  " << problem.remedy << "\n";
    for (auto const& [place, what] : problem.related)
      text << "  see " << where(place.at) << " " << what << "\n";
  }
  return text.str();
}

/// What the manifest compiles to, and everything that is said about it.
struct Compilation {
  std::string resources;
  std::string diagnostics;
};

Compilation compile(fs::path const& folder) {
  files::MemoryFiles files;
  copy_inputs(folder, files);
  manifest::Diagnostics diagnostics;
  auto const manifest = manifest::load(files, "/repo/manifest.yaml", key_table(), diagnostics);
  if (manifest) features::check(*manifest, now_of(folder), diagnostics);
  diagnostics.sort();
  Compilation out{{}, format_diagnostics(diagnostics)};
  if (diagnostics.failed()) return out;
  out.resources =
      format_compiled(features::compile(*manifest, facts_of(folder, *manifest), now_of(folder)));
  return out;
}

}  // namespace

TEST_CASE("golden: what every manifest compiles to, field by field", "[golden]") {
  auto const all = cases();
  REQUIRE(all.size() >= 25);
  for (auto const& folder : all) {
    INFO(folder.filename().string());
    CHECK(fs::exists(folder / "README"));
    CHECK(fs::exists(folder / "live.json"));
    auto const compilation = compile(folder);
    expect(folder / "resources.txt", compilation.resources);
    expect(folder / "diagnostics.txt", compilation.diagnostics);
  }
}

TEST_CASE("golden: the example is right, and says nothing that a reader must mend", "[golden]") {
  files::MemoryFiles files;
  copy_inputs(support::in_source("examples"), files);
  manifest::Diagnostics diagnostics;
  auto const manifest = manifest::load(files, "/repo/mailstack.yaml", key_table(), diagnostics);
  if (manifest) features::check(*manifest, TimePoint{}, diagnostics);
  INFO(format_diagnostics(diagnostics));
  REQUIRE(manifest);
  for (auto const& problem : diagnostics.all())
    CHECK(problem.severity == manifest::Severity::information);
}

TEST_CASE("golden: compiling again gives the same resources in the same order", "[golden]") {
  for (auto const& folder : cases()) CHECK(compile(folder).resources == compile(folder).resources);
}

}  // namespace mailstack::golden
