#pragma once
/// \file
/// What the daemon does for whoever asks over the control socket.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/control/instruments.hpp"
#include "daemon/queue/queue.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::control {

/// A DKIM key of the conf tree.
struct KeyStatus {
  std::string domain;
  std::string selector;
  bool signs = false;
  std::string why;  ///< where it does not
};

struct Listening {
  std::string address;  ///< `192.0.2.1:25`, `[::1]:465`, a path
  std::string service;
};

struct Status {
  std::string version;
  int pid = 0;
  TimePoint started{};
  TimePoint loaded{};                      ///< when the configuration in use was read
  std::optional<TimePoint> reading_since;  ///< the tree is being read again; none: it is not
  bool ready = false;                      ///< serves on every port
  bool stopping = false;
  std::vector<Listening> listeners;
  std::map<std::string, std::string> digests;  ///< conf::Snapshot::digests
  conf::Problems problems;                     ///< of the last time the tree was read
  std::vector<KeyStatus> keys;
  queue::SpoolStats spool;
};

/// The daemon, as requests see it. All calls come on the queue's loop. What takes a `done` calls it
/// once, there, within the call or later; not at all where the daemon ends before.
class Operations {
 public:
  virtual ~Operations() = default;

  virtual Status status() = 0;
  /// Reads the conf tree, beside everything else; `done` hears what is wrong with it, also where
  /// what was there before stays.
  virtual void reload(std::function<void(conf::Problems const&)> done) = 0;
  /// Begins a graceful stop; the answer still goes out.
  virtual void stop() = 0;
  virtual std::string metrics(Exposition form) = 0;

  // As queue::Queue has them.
  virtual queue::Page list(queue::Filter const& filter, queue::ItemId after, std::size_t most) = 0;
  virtual Result<queue::Entry> show(queue::ItemId id) = 0;
  /// What `make` says of the message, or of why there is none (not_found). It is called once,
  /// beside the loop where it takes a large message, and must not look at anything that the loop
  /// changes.
  using Make = std::function<std::string(Result<queue::Content> const&)>;
  virtual void content(queue::ItemId id, Make make, std::function<void(std::string)> done) = 0;
  virtual queue::QueueStats stats(std::size_t most_destinations) = 0;
  virtual void flush(queue::Filter const& filter, queue::Queue::Counted done) = 0;
  virtual void hold(queue::Filter const& filter, queue::Queue::Counted done) = 0;
  virtual void release(queue::Filter const& filter, queue::Queue::Counted done) = 0;
  virtual void remove(queue::Filter const& filter, bool bounce, queue::Queue::Counted done) = 0;
};

}  // namespace mailstack::control
