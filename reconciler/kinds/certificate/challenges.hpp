#pragma once
/// \file
/// Challenges of dns-01 in the zones of the manifest: leases that stand beside foreign values for
/// as long as a CA looks.

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "reconciler/acme/issue.hpp"
#include "reconciler/kinds/kinds.hpp"

namespace mailstack::kinds::certificate {

/// Writes through each zone's own provider, and notes every value in `notes` (a file) before it is
/// written: what a run that was cut off left behind is found there by the next one.
///
/// publish() fails with invalid where no zone of the manifest holds a name. await() asks every
/// authoritative server until all have the values or `patience` has passed, then fails with
/// unavailable and names the laggard with what it answered. There is no pause that is not a
/// question's: where all servers answer at once, it returns at once.
class ZoneChallenges final : public acme::Challenges {
 public:
  ZoneChallenges(std::map<dns::Name, ZoneAccess> const& zones, Doors const& doors,
                 std::string notes, Duration patience)
      : zones_(zones), doors_(doors), notes_(std::move(notes)), patience_(patience) {}

  Result<> publish(std::span<acme::Txt const> values) override;
  Result<> await(std::span<acme::Txt const> values) override;
  Result<> withdraw(std::span<acme::Txt const> values) override;

  /// Withdraws all that is noted: what a run that was cut off left behind.
  Result<> sweep();
  /// What is noted. A damaged file counts for nothing.
  static std::vector<acme::Txt> noted(files::Files& files, std::string const& notes);

 private:
  using Values = std::vector<acme::Txt>;
  struct Zone {
    dns::Name name;
    ZoneAccess const* access = nullptr;
    Values values;
  };

  Result<std::vector<Zone>> by_zone(std::span<acme::Txt const> values) const;
  Result<> write(Zone const& zone, bool present);
  Result<> await_zone(Zone const& zone);
  Result<> note(Values const& values);

  std::map<dns::Name, ZoneAccess> const& zones_;
  Doors doors_;
  std::string notes_;
  Duration patience_;
};

}  // namespace mailstack::kinds::certificate
