#pragma once
/// \file
/// The adapter of DnsQuery to sockets.

#include <string>
#include <vector>

#include "reconciler/world/dns_query.hpp"

namespace mailstack::world {

/// Asks over one connected UDP socket a call, so the kernel drops packets from other addresses
/// (RFC 5452 9.1); a reply counts when its random id is one of ours in flight and its question the
/// one that we asked (RFC 5452 9.2).
///
/// Up to 128 questions are in flight; a loss halves that, since a server's receive buffer or its
/// rate limit is the likely cause. An unanswered question is sent again when it takes longer than
/// answers take (RFC 6298; at least 0.1 s, at most 0.4 s), then after twice that. Truncated answers
/// are asked again over one TCP connection, many at a time (RFC 7766 6.2.1.1). A question has
/// `timeout` from its first packet on; where the server has said nothing at all for that time, the
/// questions that were not sent yet fail with the others, so a dead server costs one timeout and
/// not one a batch.
///
/// Each call has its own sockets, so calls do not disturb each other.
class DnsClient final : public DnsQuery {
 public:
  /// `resolvers` are those of the manifest, `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`; empty:
  /// those of `resolv_conf`, and where that names none, 127.0.0.1 (resolv.conf(5)).
  explicit DnsClient(std::vector<std::string> resolvers,
                     std::string resolv_conf = "/etc/resolv.conf");

  std::vector<Result<DnsAnswer>> ask(std::string const& server,
                                     std::span<DnsQuestion const> questions, bool recursive,
                                     std::chrono::milliseconds timeout) override;
  std::vector<std::string> resolvers() override;

 private:
  std::vector<std::string> resolvers_;
  std::string resolv_conf_;
};

}  // namespace mailstack::world
