#pragma once
/// \file
/// The twin of TlsPeer: servers in memory.

#include <map>
#include <string>
#include <vector>

#include "reconciler/world/tls_peer.hpp"

namespace mailstack::support {

class FakeTlsPeer final : public world::TlsPeer {
 public:
  Result<std::string> leaf(world::MailPort const& port, std::string const& name) override {
    asked.push_back((port.starttls ? "starttls " : "tls ") + port.address + " " + name);
    auto const found = shown.find(port.address);
    if (found == shown.end()) return fail(ErrorCode::unavailable, "Connection refused");
    return found->second;
  }

  std::map<std::string, std::string> shown;  ///< fingerprints, by address
  std::vector<std::string> asked;
};

}  // namespace mailstack::support
