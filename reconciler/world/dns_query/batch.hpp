#pragma once
/// \file
/// The questions of one ask() and what has become of each.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/wire.hpp"
#include "reconciler/world/dns_query.hpp"

namespace mailstack::world {

using Steady = std::chrono::steady_clock;

/// What both transports share: packets out, replies in, ids.
class Batch {
 public:
  Batch(std::string server, std::span<DnsQuestion const> questions, bool recursive,
        std::chrono::milliseconds timeout)
      : server_(std::move(server)),
        questions_(questions),
        recursive_(recursive),
        timeout_(timeout),
        results_(questions.size()) {}

  [[nodiscard]] std::string const& server() const { return server_; }
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

  /// How a reply fits the question it was matched to by its id.
  enum class Fit { answers, truncated, stranger };

  [[nodiscard]] std::string packet(std::size_t index, std::uint16_t id) const;
  /// Stores the answer to question `index`, unless the packet is cut or answers another question.
  Fit take(std::size_t index, std::string_view packet);
  /// Question `index` fails with unavailable.
  void give_up(std::size_t index, std::string_view why);
  std::vector<Result<DnsAnswer>> finish();

 private:
  std::string server_;
  std::span<DnsQuestion const> questions_;
  bool recursive_;
  std::chrono::milliseconds timeout_;
  std::vector<std::optional<Result<DnsAnswer>>> results_;
};

/// Ids that nobody can guess (RFC 5452 9.2), none twice while `taken` says so.
std::uint16_t fresh_id(std::function<bool(std::uint16_t)> const& taken);

/// Asks `indices` of the batch over UDP; returns those whose answers were truncated.
std::vector<std::size_t> ask_over_udp(Batch& batch, std::vector<std::size_t> const& indices);

/// Asks `indices` of the batch over TCP.
void ask_over_tcp(Batch& batch, std::vector<std::size_t> const& indices);

}  // namespace mailstack::world
