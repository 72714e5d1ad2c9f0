/// \file
/// Many domains, all in memory: manifest → validate → compile → diff → print, for about 15,000
/// resources and for twice and more of them, to see that time and memory grow with the number.
///
/// The world is one in which nothing exists yet, so every resource is compared, planned and
/// printed: no plan of these domains is longer. Files and servers have no part in it; what they
/// cost is in the other cases.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "core/files/memory_files.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/render_diagnostics.hpp"
#include "reconciler/cli/render_plan.hpp"
#include "reconciler/engine/plan.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack {
namespace {

constexpr TimePoint now{std::chrono::seconds{1'780'000'000}};

/// Seconds that passed, and those that this process spent on a processor.
struct Time {
  double passed = 0;
  double spent = 0;
};

Time time_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto const seconds = [](timeval const& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  std::chrono::duration<double> const clock = std::chrono::steady_clock::now().time_since_epoch();
  return {clock.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

long peak_mebibytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// The median of `count` runs.
Time median(unsigned count, std::function<void()> const& work) {
  std::vector<double> passed, spent;
  for (unsigned i = 0; i < count; ++i) {
    auto const before = time_now();
    work();
    auto const after = time_now();
    passed.push_back(after.passed - before.passed);
    spent.push_back(after.spent - before.spent);
  }
  std::sort(passed.begin(), passed.end());
  std::sort(spent.begin(), spent.end());
  return {passed[count / 2], spent[count / 2]};
}

/// A line for `./dev bench`; no limit where it is 0.
void row(std::string const& what, Time time, double limit) {
  char const* note = limit == 0 ? "" : time.passed > limit ? "OVER, " : "ok, ";
  std::printf("%s\t%.3f s\t", what.c_str(), time.passed);
  if (limit != 0) std::printf("%.2f s", limit);
  std::printf("\t%s%.3f s of CPU\n", note, time.spent);
}

std::string manifest_text(unsigned domains) {
  std::string text =
      "version: 1\n"
      "hosts:\n"
      "  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10, ipv6: \"2001:db8::10\", ptr: none}\n"
      "dns:\n"
      "  providers:\n"
      "    local: {type: zonefile, directory: zones}\n"
      "domains:\n"
      "  example.org: {catch_all: me@example.net}\n";
  for (unsigned i = 1; i < domains; ++i) {
    char line[80];
    std::snprintf(line, sizeof line, "  d%05u.example: {catch_all: me@example.net}\n", i);
    text += line;
  }
  return text;
}

/// What `mailstack validate` does with a text.
manifest::Manifest validate(files::Files& files, std::string const& text) {
  manifest::Diagnostics diagnostics;
  auto manifest =
      manifest::load_text(files, "/m/mailstack.yaml", text, cli::all_keys(), diagnostics);
  if (manifest) features::check(*manifest, now, diagnostics);
  diagnostics.sort();
  if (!manifest || diagnostics.failed()) {
    std::fprintf(stderr, "the manifest of this bench is invalid\n");
    std::exit(1);
  }
  return *std::move(manifest);
}

/// What `mailstack plan` does with a manifest, a world and no inventory; the length of its text.
struct Planned {
  std::size_t resources = 0;
  std::size_t octets = 0;
};

Planned plan(manifest::Manifest const& manifest) {
  auto const compiled = features::compile(manifest, features::facts_for(manifest.daemon), now);
  engine::World world;
  world.at = now;
  world.desired.resize(compiled.resources.size());
  engine::Inventory const inventory;
  std::vector<engine::Row const*> const rows;
  engine::PlanInput input{
      kinds::all_laws(), compiled.resources, rows, inventory, world, now, {}, {}, {}, {}, {}};
  for (auto const& resource : compiled.resources) input.lanes.insert(resource.lane);
  auto const plan = engine::make_plan(input);
  cli::PlanView view{.plan = plan, .laws = kinds::all_laws()};
  view.compiled = &compiled;
  auto const text = cli::render_plan(view, cli::Paper{});
  if (plan.changes() != compiled.resources.size()) {
    std::fprintf(stderr, "%zu of %zu resources would be made\n", plan.changes(),
                 compiled.resources.size());
    std::exit(1);
  }
  return {compiled.resources.size(), text.size()};
}

void measure(unsigned domains, unsigned count, double validate_limit, double plan_limit) {
  files::MemoryFiles files;
  (void)files.make_directory("/m", {.mode = 0755, .owner = {}, .group = {}});
  auto const text = manifest_text(domains);
  auto const manifest = validate(files, text);
  auto const planned = plan(manifest);
  auto const name = std::to_string(domains) + " domains, " + std::to_string(planned.resources) +
                    " resources, in memory: ";
  row(name + "validate", median(count, [&] { validate(files, text); }), validate_limit);
  row(name + "plan, print", median(count, [&] { plan(manifest); }), plan_limit);
  std::printf("%speak memory\t%ld MiB\t%s\t%s\n", name.c_str(), peak_mebibytes(), "500 MiB",
              peak_mebibytes() > 500 ? "OVER" : "ok");
}

}  // namespace
}  // namespace mailstack

int main() {
  // In this order: the peak of memory is that of the largest so far.
  mailstack::measure(1'000, 7, 0.15, 0.4);
  mailstack::measure(2'000, 5, 0, 0);
  mailstack::measure(6'700, 3, 0, 0);
}
