#pragma once
/// \file
/// Brings mail to other hosts, and to an LMTP server: route, connection, session, the next host
/// where one is unwell.

#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "daemon/delivery/courier_doors.hpp"
#include "daemon/delivery/idle_connections.hpp"
#include "daemon/delivery/ipv6_refusals.hpp"
#include "daemon/delivery/source_proof.hpp"
#include "daemon/delivery/tls_memory.hpp"

namespace mailstack::delivery {

/// Lives on its loop. One connection carries a job; what is ready afterwards is kept for the next.
///
/// Hosts are tried in the order of the route until one decides. A fault of a host (no connection,
/// 4yz or 5yz to greeting, EHLO, STARTTLS, AUTH, lost before the dot) leads to the next; when none
/// is left the job waits: 4yz, also where hosts said 5yz, unless all of them never take mail (521,
/// RFC 7504). A kept connection that turns out to be dead counts for nothing. A broken TLS
/// handshake leads to the same host in the clear, unless the domain was seen with TLS before. A
/// host that refuses our IPv6 address is tried over IPv4, and for an hour first so by what comes
/// next. An attempt that takes longer than `delivery.timeouts.attempt` in all ends where it is.
class Remote {
 public:
  explicit Remote(CourierDoors& doors);
  ~Remote();

  /// For ways remote and via, and for local where that is LMTP.
  void deliver(Job job, std::function<void(std::vector<Outcome>)> done);
  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

 private:
  friend class Attempt;
  CourierDoors& doors_;
  IdleConnections idle_;
  SourceProof proof_;
  TlsMemoryFile memory_;
  Ipv6Refusals refusals_;
  std::unordered_set<std::shared_ptr<class Attempt>> running_;
};

}  // namespace mailstack::delivery
