#pragma once
/// \file
/// A world in memory for one kind, and the engine's way of working in short: look, compare, write.

#include <string>
#include <utility>
#include <vector>

#include "core/files/memory_files.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_control.hpp"
#include "tests/support/fake_dns_query.hpp"
#include "tests/support/fake_process.hpp"
#include "tests/support/fake_secrets.hpp"
#include "tests/support/fake_systemd.hpp"
#include "tests/support/fake_tls_peer.hpp"

namespace mailstack::support {

class NoProgress final : public engine::Progress {
 public:
  void expect(std::string_view /*lane*/, std::string_view /*what*/,
              std::size_t /*total*/) override {}
  void advance(std::string_view /*lane*/, std::size_t done) override { calls += done; }

  std::size_t calls = 0;
};

using Resources = std::vector<engine::Resource>;

struct KindBench {
  files::MemoryFiles files;
  FakeClock clock;
  FakeDnsQuery dns;
  FakeSecrets secrets;
  FakeSystemd systemd;
  FakeTlsPeer tls;
  FakeProcess process;
  FakeControl control;
  kinds::Inputs inputs;
  NoProgress progress;

  kinds::Doors doors() {
    return {.files = files,
            .clock = clock,
            .dns = dns,
            .secrets = secrets,
            .systemd = systemd,
            .tls = &tls,
            .process = &process,
            .control = &control};
  }

  engine::Look look(engine::Kind& kind, Resources const& desired, Resources const& owned = {}) {
    auto const pointers = [](Resources const& resources) {
      std::vector<engine::Resource const*> all;
      all.reserve(resources.size());
      for (auto const& resource : resources) all.push_back(&resource);
      return all;
    };
    auto const wished = pointers(desired);
    auto const rows = pointers(owned);
    return kind.observe({"host/mx1", wished, rows}, progress);
  }

  /// Looks, compares and gives the steps that are due.
  std::vector<engine::Step> plan(engine::Kind& kind, Resources const& desired) {
    auto const seen = look(kind, desired);
    std::vector<engine::Step> steps;
    for (std::size_t i = 0; i < desired.size(); ++i) {
      if (seen.desired[i].standing == engine::Observation::Standing::blind) continue;
      auto const verdict = kind.laws().diff(desired[i].spec, seen.desired[i], clock.now());
      if (verdict.action != engine::Action::none)
        steps.push_back({desired[i].address, verdict.action, desired[i].spec, seen.desired[i], {}});
    }
    return steps;
  }

  std::vector<Result<>> apply(engine::Kind& kind, Resources const& desired) {
    auto const steps = plan(kind, desired);
    return kind.put("host/mx1", steps);
  }

  /// The step that removes what stands at the resource's address now.
  engine::Step removal(engine::Kind& kind, engine::Resource const& resource) {
    auto const seen = look(kind, {}, {resource});
    return {resource.address, engine::Action::remove, resource.spec, seen.owned.front(), {}};
  }
};

}  // namespace mailstack::support
