#pragma once
/// \file
/// Who carries messages out of the queue: the contract between the queue and delivery.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/conf/settings.hpp"
#include "daemon/queue/envelope.hpp"
#include "daemon/queue/spool.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::delivery {

/// One attempt: recipients of one message that go the same way to the same destination.
struct Job {
  queue::ItemId id = 0;
  std::string destination;  ///< destination_of() of each recipient
  std::string sender;
  std::vector<queue::Recipient> recipients;
  bool utf8 = false;
  bool eight_bit = false;
  std::string from_domain;
  queue::Content content;
};

/// What became of one recipient.
struct Outcome {
  smtp::Reply reply;        ///< 2yz delivered, 4yz later, 5yz never
  std::string host;         ///< who said it, a program by its name; empty: we did
  bool host_fault = false;  ///< the destination is unwell (connect, greeting, 421): others wait too
  /// By our own end: it counts as not tried, and the next start tries it. `midway`: what was begun
  /// may have delivered all the same.
  enum class Cut : std::uint8_t { none, unbegun, midway } cut = Cut::none;
};

class Courier {
 public:
  virtual ~Courier() = default;
  /// Calls `done` once, on the queue's loop, with an outcome for each recipient in order.
  virtual void deliver(Job job, std::function<void(std::vector<Outcome>)> done) = 0;
};

/// What recipients must share to go in one transaction and under one limit: the domain of a remote
/// one, `smarthost HOST` where there is one, `via a/b`, `local`, `pipe`.
std::string destination_of(conf::Settings const& settings, queue::Recipient const& recipient);

}  // namespace mailstack::delivery
