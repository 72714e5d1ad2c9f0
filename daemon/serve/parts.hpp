#pragma once
/// \file
/// What mail goes through in the daemon: built, wired and taken apart here.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/files/disk_files.hpp"
#include "daemon/delivery/courier.hpp"
#include "daemon/delivery/curfew.hpp"
#include "daemon/net/listener.hpp"
#include "daemon/net/loop.hpp"
#include "daemon/net/resolver.hpp"
#include "daemon/queue/queue.hpp"
#include "daemon/queue/spool.hpp"
#include "daemon/serve/authenticator.hpp"
#include "daemon/serve/contents.hpp"
#include "daemon/serve/front_desk.hpp"
#include "daemon/serve/intake.hpp"
#include "daemon/serve/live.hpp"
#include "daemon/serve/pools.hpp"
#include "daemon/serve/seldom.hpp"
#include "daemon/serve/server.hpp"
#include "daemon/serve/signing_keys.hpp"
#include "daemon/serve/telemetry.hpp"
#include "daemon/serve/threads.hpp"

namespace mailstack::serve {

/// On the main loop, which outlives them; each member has the threads that its own header says.
/// Until begin() nobody is served and nothing delivered.
class Parts {
 public:
  Parts(net::Loop& main, std::string const& version, std::shared_ptr<Live const> live);
  /// Cuts what is still going on: sessions, attempts, programs. What was taken in is durable.
  ~Parts();
  Parts(Parts const&) = delete;
  Parts& operator=(Parts const&) = delete;

  /// Opens the spool, and takes its places: what a service manager handed over, what is `bound`
  /// already, and the rest by itself. Fails with what a person has to mend.
  Result<> open(std::span<net::Bound const> bound);
  /// The queue takes up what was in the spool, and sessions begin.
  void begin();
  /// Goes on with another tree.
  void use(std::shared_ptr<Live const> live);
  /// No new sessions and attempts; `done` when the last ones have ended.
  void stop(std::function<void()> done);
  /// After stop(), whose `done` may not come then: programs are told to end, sessions are not
  /// waited for.
  void hurry(std::function<void()> done);

  /// Of the tree in use; until the next use().
  [[nodiscard]] conf::Settings const& settings() const { return current.get()->snapshot->settings; }

  net::Loop& main;
  Current current;
  std::unique_ptr<Telemetry> telemetry;
  std::unique_ptr<queue::Spool> spool;
  std::unique_ptr<net::DnsResolver> resolver;
  std::unique_ptr<SigningKeys> keys;
  std::unique_ptr<Pools> pools;
  ReadContent read;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<Server> server;

 private:
  Result<> open_spool();
  void make_queue();
  void make_desk();
  void tell_stopped();

  files::DiskFiles files_;
  std::vector<queue::Recovered> recovered_;
  std::shared_ptr<delivery::Curfew> curfew_ = std::make_shared<delivery::Curfew>();
  std::unique_ptr<delivery::Courier> courier_;
  Seldom hook_troubles_;
  std::unique_ptr<Authenticator> logins_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<FrontDesk> desk_;
  std::unique_ptr<SessionLoops> sessions_;
  bool begun_ = false;
};

}  // namespace mailstack::serve
