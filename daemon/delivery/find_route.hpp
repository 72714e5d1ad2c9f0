#pragma once
/// \file
/// The way of one job, found anew at each attempt: the questions to DNS around route.hpp.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/secret/secret.hpp"
#include "daemon/delivery/courier_doors.hpp"
#include "daemon/delivery/route.hpp"
#include "daemon/delivery/source_proof.hpp"
#include "daemon/smtp/client_session.hpp"

namespace mailstack::delivery {

struct Route {
  std::vector<Target> targets;  ///< never empty
  std::uint16_t port = 25;
  smtp::ClientTls tls = smtp::ClientTls::opportunistic;
  std::string user;  ///< of a smarthost; empty: no AUTH
  Secret<std::string> password;
  bool lmtp = false;
  bool verified = false;  ///< the certificate must be good: a password goes over it
  std::string domain;     ///< whose downgrade memory counts; empty: nobody's
};

/// Calls `done` once, at once or later, on the loop; not where what is returned was dropped before.
/// The smarthost takes what is `remote`, in place of the MX hosts; the hosts of `via` are taken as
/// they are named, without MX; `local` is the LMTP server. Hosts that the conf tree names may be on
/// loopback or be us. `source` is where the job comes from: its IPv6 counts once it is proven under
/// the name of `source`.
std::shared_ptr<void> find_route(CourierDoors& doors, SourceProof& proof,
                                 std::shared_ptr<conf::Snapshot const> conf,
                                 conf::Source const& source, Job const& job,
                                 std::function<void(Decision<Route>)> done);

}  // namespace mailstack::delivery
