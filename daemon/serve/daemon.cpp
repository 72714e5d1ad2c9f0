#include "daemon/serve/daemon.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <iostream>
#include <utility>

#include "daemon/delivery/curfew.hpp"
#include "daemon/net/notify.hpp"
#include "daemon/net/signals.hpp"
#include "daemon/serve/control_port.hpp"
#include "daemon/serve/descriptors.hpp"
#include "daemon/serve/operations.hpp"
#include "daemon/serve/reload.hpp"
#include "daemon/serve/standard_error.hpp"
#include "daemon/serve/time_and_chance.hpp"
#include "daemon/serve/tree_watch.hpp"

namespace mailstack::serve {

namespace {

constexpr std::array signals{SIGTERM, SIGINT, SIGHUP};
/// How long sessions may go on after a stop was asked for, before they are cut.
constexpr std::chrono::seconds stop_limit{30};
/// The same when it was asked for twice.
constexpr std::chrono::seconds hurry_limit{4};
static_assert(stop_limit > delivery::Curfew::Times{}.own + delivery::Curfew::Times{}.grace);
static_assert(hurry_limit > delivery::Curfew::Times{}.grace);
/// How often the conf tree is looked at for changes, which takes 16 ms of CPU of 1,000 domains. The
/// manual promises twice that.
constexpr std::chrono::seconds look_interval{5};

/// From a start to a stop: what is told to a service manager and to the log, reloads, ports for
/// those who look after it.
class WholeDaemon : public Daemon {
 public:
  WholeDaemon(DaemonOptions options, Loaded loaded)
      : options_(std::move(options)), signature_(std::move(loaded.signature)) {
    life_.version = options_.version;
    life_.started = life_.loaded = now();
    life_.problems = std::move(loaded.tree.problems);
    parts_ = std::make_unique<Parts>(*main_, options_.version, std::move(loaded.tree.live));
    if (auto const& problem = parts_->telemetry->problem()) life_.problems.push_back(*problem);
  }
  ~WholeDaemon() override {
    control_.reset();
    monitoring_.reset();
    parts_.reset();  // a reload that is under way ends with its pool
  }

  Result<> start() {
    if (auto opened = parts_->open(options_.bound); !opened) return opened;
    reloads_ = std::make_unique<Reloads>(
        *main_, parts_->pools->files, now,
        [directory = options_.directory, &current = parts_->current] {
          return load(directory, current.get());
        },
        [this](Loaded loaded) { return take(std::move(loaded)); });
    return open_ports(parts_->settings());
  }

  /// To who has started it. Where the log comes to the same place, run() says them.
  void show_problems(bool started) const {
    bool const logged =
        parts_->telemetry->on_standard_error() ||
        (!parts_->telemetry->problem() && log_meets_standard_error(parts_->settings()));
    if (!started || !logged) std::cerr << conf::format(life_.problems) << std::flush;
  }

  void run() override {
    signals_ = net::on_signals(*main_, signals, [this](int signal) {
      if (signal == SIGHUP)
        reload({});
      else
        stop();
    });
    if (auto const interval = net::watchdog_interval()) {
      watchdog_ = std::chrono::duration_cast<std::chrono::milliseconds>(*interval) / 2;
      beat();
    }
    tell(control::Event::Kind::started);
    for (auto const& at : operations_->status().listeners)
      tell(control::Event::Kind::listening, at.address);
    tell_problems();
    tree_ =
        std::make_unique<TreeWatch>(*main_, parts_->pools->files, options_.directory, signature_,
                                    secret_files(), look_interval, [this] { reload({}); });
    parts_->begin();
    life_.ready = true;
    net::notify("READY=1");
    main_->run();
  }

 private:
  Result<> open_ports(conf::Settings const& settings) {
    operations_ = operations_on(*parts_, life_,
                                {.reload = [this](auto done) { reload(std::move(done)); },
                                 .reading_since = [this] { return reloads_->since(); },
                                 .stop = [this] { stop(); }});
    auto control = open_control(*main_, settings.control_socket, *operations_);
    if (!control) return tl::unexpected(control.error());
    control_ = std::move(*control);
    if (!settings.monitoring_address) return {};
    control::Pages pages;
    pages.metrics = [this](control::Exposition form) { return operations_->metrics(form); };
    pages.not_ready = [this] {
      return std::string(life_.stopping ? "stopping" : life_.ready ? "" : "starting");
    };
    auto monitoring = open_monitoring(*main_, *settings.monitoring_address, std::move(pages));
    if (!monitoring) return tl::unexpected(monitoring.error());
    monitoring_ = std::move(*monitoring);
    return {};
  }

  void tell(control::Event::Kind kind, std::string_view address = {}) {
    control::Event event;
    event.kind = kind;
    event.address = address;
    parts_->telemetry->tell(event);
  }

  void tell_problems() {
    for (auto const& problem : life_.problems) parts_->telemetry->tell(problem);
  }

  [[nodiscard]] std::vector<std::string> const& secret_files() const {
    return parts_->settings().secret_files;
  }

  void reload(Reloads::Done done) {
    if (life_.stopping) {
      if (done) done(too_late());
      return;
    }
    net::notify("RELOADING=1");
    reloads_->ask(std::move(done));
  }

  [[nodiscard]] conf::Problems too_late() const {
    return {{options_.directory, "the daemon is stopping, and reads nothing any more", 0, 0, ""}};
  }

  /// What is bad stays as it was.
  conf::Problems take(Loaded loaded) {
    if (life_.stopping) return too_late();
    auto& tree = loaded.tree;
    life_.problems = std::move(tree.problems);
    if (auto const& problem = parts_->telemetry->problem()) life_.problems.push_back(*problem);
    if (auto problem = parts_->telemetry->reopen_log()) life_.problems.push_back(*problem);
    if (tree.live) {
      parts_->use(std::move(tree.live));
      life_.loaded = now();
    }
    if (tree_) tree_->was_read(std::move(loaded.signature), secret_files());
    tell(control::Event::Kind::reloaded);
    tell_problems();
    net::notify("READY=1");
    return life_.problems;
  }

  void stop() {
    if (life_.stopping) return hurry();
    life_.stopping = true;
    reloads_->end();
    net::notify("STOPPING=1");
    tell(control::Event::Kind::stopping);
    cut_ = main_->after(stop_limit, [this] { main_->stop(); });
    parts_->stop([this] { main_->stop(); });
  }

  /// Asked twice. Programs are waited for until they are ended, so that the log says which; asked
  /// once more, they are not.
  void hurry() {
    if (std::exchange(hurried_, true)) return main_->stop();
    cut_ = main_->after(hurry_limit, [this] { main_->stop(); });
    parts_->hurry([this] { main_->stop(); });
  }

  void beat() {
    net::notify("WATCHDOG=1");
    beat_ = main_->after(watchdog_, [this] { beat(); });
  }

  DaemonOptions options_;
  Life life_;
  std::unique_ptr<net::Loop> main_ = net::Loop::make();
  bool hurried_ = false;
  std::unique_ptr<net::Timer> signals_;
  std::unique_ptr<net::Timer> cut_;
  std::unique_ptr<net::Timer> beat_;
  std::chrono::milliseconds watchdog_{0};
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<Reloads> reloads_;
  std::string signature_;  // of the tree that was read; until there is a watch
  std::unique_ptr<TreeWatch> tree_;
  std::unique_ptr<control::Operations> operations_;
  std::unique_ptr<Port> control_;
  std::unique_ptr<Port> monitoring_;
};

/// Of the start: a check by root does not know whom a unit's User= makes it.
void note_root(conf::Settings const& settings, conf::Problems& problems) {
  if (::geteuid() != 0) return;
  problems.push_back(conf::problem_at(
      conf::place_of(settings, "user"), "root serves: whoever breaks in has the whole machine",
      "write `user: ACCOUNT` into mailstackd.yaml, or User= into the unit", true));
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(DaemonOptions options) {
  net::hold_signals(signals);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  auto loaded = load(options.directory, nullptr);
  if (!loaded.tree.live) {
    std::cerr << conf::format(loaded.tree.problems) << std::flush;
    return fail(ErrorCode::invalid, "with this configuration nothing can be served");
  }
  note_root(loaded.tree.live->snapshot->settings, loaded.tree.problems);
  auto daemon = std::make_unique<WholeDaemon>(std::move(options), std::move(loaded));
  auto started = daemon->start();
  daemon->show_problems(started.has_value());
  if (!started) return tl::unexpected(started.error());
  return daemon;
}

}  // namespace mailstack::serve
