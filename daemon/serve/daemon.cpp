#include "daemon/serve/daemon.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <iostream>

#include <unistd.h>

#include "core/files/disk_files.hpp"
#include "daemon/conf/outlook.hpp"
#include "daemon/conf/signature.hpp"
#include "daemon/control/process_facts.hpp"
#include "daemon/delivery/courier.hpp"
#include "daemon/delivery/courier_doors.hpp"
#include "daemon/net/notify.hpp"
#include "daemon/net/resolver.hpp"
#include "daemon/net/signals.hpp"
#include "daemon/queue/log_spool/log_spool.hpp"
#include "daemon/queue/queue.hpp"
#include "daemon/serve/bounces.hpp"
#include "daemon/serve/contents.hpp"
#include "daemon/serve/control_port.hpp"
#include "daemon/serve/descriptors.hpp"
#include "daemon/serve/front_desk.hpp"
#include "daemon/serve/part_settings.hpp"
#include "daemon/serve/pools.hpp"
#include "daemon/serve/reload.hpp"
#include "daemon/serve/server.hpp"
#include "daemon/serve/telemetry.hpp"
#include "daemon/serve/threads.hpp"
#include "daemon/serve/time_and_chance.hpp"
#include "daemon/serve/tree_watch.hpp"

namespace mailstack::serve {

namespace {

constexpr std::array signals{SIGTERM, SIGINT, SIGHUP};
/// How long sessions may go on after a stop was asked for, before they are cut.
constexpr std::chrono::seconds stop_limit{30};
/// How often the conf tree is looked at for changes.
constexpr std::chrono::seconds look_interval{5};

class WholeDaemon : public Daemon, private control::Operations {
 public:
  /// `read`: the signature of the tree before it was loaded.
  WholeDaemon(DaemonOptions options, std::string read, Reloaded loaded)
      : options_(std::move(options)), signature_(std::move(read)) {
    problems_ = std::move(loaded.problems);
    current_.set(std::move(loaded.live));
  }
  ~WholeDaemon() override {
    curfew_->call();
    control_.reset();
    monitoring_.reset();
    if (sessions_) sessions_->stop();
    // A login that is judged and a message that is written still post their answers to the session
    // loops, which must be there until neither the pool nor the spool has a thread any more.
    pool_.reset();  // what it runs calls the spool and the loop
    queue_.reset();
    courier_.reset();
    spool_.reset();
    server_.reset();  // sessions that were cut are destroyed by nobody else
    sessions_.reset();
  }

  Result<> start() {
    auto const live = current_.get();
    auto const& settings = live->snapshot->settings;
    telemetry_ = std::make_unique<Telemetry>(options_.version, settings);
    if (auto const& problem = telemetry_->problem()) problems_.push_back(*problem);
    if (auto opened = open_spool(settings); !opened) return opened;
    resolver_ = net::DnsResolver::make(*main_, resolver_setup(settings));
    keys_ = std::make_unique<SigningKeys>(*main_, *resolver_, files_, settings.state + "/signing");
    keys_->set(*live->snapshot);
    pool_ = std::make_unique<Pools>();
    read_ = read_beside(*main_, pool_->files, *spool_);
    reloads_ = std::make_unique<Reloads>(
        *main_, pool_->files, [this] { return load(); },
        [this](Loaded loaded) { return take(std::move(loaded)); });
    make_queue(settings);
    make_desk();
    sessions_ = std::make_unique<SessionLoops>(settings.loops);
    server_ = Server::make(*main_, sessions_->loops(), *desk_);
    server_->set_times(connection_times(settings));
    auto const inherited = net::inherited_sockets();
    if (auto opened = server_->open(settings.listen, inherited, options_.bound); !opened)
      return opened;
    return open_ports(settings);
  }

  /// To who has started it. Where the log comes to the same place, it will say them.
  void show_problems() const {
    if (!server_ || !control_ || !telemetry_->on_standard_error())
      std::cerr << conf::format(problems_) << std::flush;
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
    queue_->recover(std::move(recovered_));
    tell(control::Event::Kind::started);
    for (auto const& at : status().listeners) tell(control::Event::Kind::listening, at.address);
    tell_problems();
    tree_ = std::make_unique<TreeWatch>(*main_, pool_->calculations, options_.directory, signature_,
                                        secret_files(), look_interval, [this] {
                                          if (!stopping_) reload({});
                                        });
    ready_ = true;
    net::notify("READY=1");
    main_->run();
  }

 private:
  Result<> open_spool(conf::Settings const& settings) {
    queue::SpoolOptions options;
    options.directory = settings.spool;
    options.reserve = settings.queue.reserve;
    options.notice = [](std::string const& text) { std::cerr << text << std::endl; };
    auto opened = queue::LogSpool::open(
        options, [this](queue::Recovered item) { recovered_.push_back(std::move(item)); });
    if (!opened) return fail(conf::unusable(settings.spool, opened.error()));
    spool_ = std::move(*opened);
    return {};
  }

  void make_queue(conf::Settings const& settings) {
    auto doors = delivery::real_doors(*main_, *resolver_);
    doors.conf = [this] { return current_.get()->snapshot; };
    doors.offload = [this](std::function<void()> work) {
      return pool_->programs.run(std::move(work));
    };
    doors.curfew = curfew_;
    courier_ = telemetry_->timed(delivery::make_courier(std::move(doors)));
    queue::Queue::Doors needs{
        .spool = *spool_,
        .courier = *courier_,
        .now = now,
        .timer =
            [this](std::chrono::milliseconds span, std::function<void()> call) {
              return std::shared_ptr<void>(main_->after(span, std::move(call)));
            },
        .read = read_,
        .post = [this](std::function<void()> call) { main_->post(std::move(call)); },
        .random = chance,
        .make_bounce = bounce_maker(*main_, pool_->calculations, current_, *keys_),
        .destination_of =
            [this](queue::Recipient const& recipient) {
              return delivery::destination_of(current_.get()->snapshot->settings, recipient);
            },
        .event =
            [this](queue::Event const& event) {
              // What a client brought was told by the intake, which knows it.
              if (event.kind != queue::Event::Kind::queued || event.bounce) telemetry_->tell(event);
            }};
    queue_ = std::make_unique<queue::Queue>(std::move(needs), queue_policy(settings),
                                            "postmaster@" + settings.hostname);
  }

  void make_desk() {
    logins_ = std::make_unique<Authenticator>(pool_->calculations, process_key(), steady);
    intake_ = std::make_unique<Intake>(Intake::Doors{
        .spool = *spool_,
        .keys = *keys_,
        .calculations = pool_->calculations,
        .hooks = pool_->hooks,
        .curfew = curfew_,
        .now = now,
        .queued = [this](std::vector<KeptMessage> kept, Client const& client) {
          for (auto const& one : kept) telemetry_->tell_queued(one, client);
          main_->post([this, kept = std::move(kept)]() mutable {
            for (auto& one : kept) {
              auto const octets = one.content->size();
              queue_->add(one.id, std::move(one.envelope), octets, std::move(one.content));
            }
          });
        }});
    desk_ = std::make_unique<FrontDesk>(FrontDesk::Doors{.current = current_,
                                                         .spool = *spool_,
                                                         .logins = *logins_,
                                                         .intake = *intake_,
                                                         .now = now,
                                                         .steady = steady,
                                                         .events = telemetry_->session_events()});
  }

  Result<> open_ports(conf::Settings const& settings) {
    auto control = open_control(*main_, settings.control_socket, *this);
    if (!control) return tl::unexpected(control.error());
    control_ = std::move(*control);
    if (!settings.monitoring_address) return {};
    control::Pages pages;
    pages.metrics = [this](control::Exposition form) { return metrics(form); };
    pages.not_ready = [this] {
      return std::string(stopping_ ? "stopping" : ready_ ? "" : "starting");
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
    telemetry_->tell(event);
  }

  void tell_problems() {
    for (auto const& problem : problems_) telemetry_->tell(problem);
  }

  // ---- what is asked over the control socket ----

  control::Status status() override {
    auto const live = current_.get();
    control::Status status;
    status.version = options_.version;
    status.pid = ::getpid();
    status.started = started_;
    status.loaded = loaded_;
    status.ready = ready_ && !stopping_;
    status.stopping = stopping_;
    for (auto const& at : server_->listening()) {
      bool const six = at.address.find(':') != std::string::npos;
      bool const path = at.address.find('/') != std::string::npos;
      auto const place =
          path ? at.address
               : (six ? "[" + at.address + "]" : at.address) + ":" + std::to_string(at.port);
      status.listeners.push_back({place, std::string(control::format(at.service))});
    }
    status.digests = live->snapshot->digests;
    status.problems = problems_;
    for (auto const& key : keys_->states())
      status.keys.push_back({key.domain, key.selector, key.signs, key.why});
    status.spool = spool_->stats();
    return status;
  }

  std::string metrics(control::Exposition form) override {
    auto& metrics = telemetry_->metrics();
    metrics.show(queue_->stats(control::most_destinations), now());
    metrics.show(spool_->stats());
    metrics.show(problems_, loaded_, expiries());
    metrics.show(control::process_facts());
    return metrics.registry.format(form);
  }

  [[nodiscard]] std::vector<control::Expiry> expiries() const {
    std::vector<control::Expiry> all;
    for (auto const& pair : current_.get()->snapshot->certificates)
      all.emplace_back(pair.name, pair.expires);
    return all;
  }

  queue::Page list(queue::Filter const& filter, queue::ItemId after, std::size_t most) override {
    return queue_->list(filter, after, most);
  }
  Result<queue::Entry> show(queue::ItemId id) override { return queue_->show(id); }
  void content(queue::ItemId id, std::function<void(Result<queue::Content>)> done) override {
    read_(id, std::move(done));
  }
  queue::QueueStats stats(std::size_t most_destinations) override {
    return queue_->stats(most_destinations);
  }
  void flush(queue::Filter const& filter, queue::Queue::Counted done) override {
    queue_->flush(filter, std::move(done));
  }
  void hold(queue::Filter const& filter, queue::Queue::Counted done) override {
    queue_->hold(filter, std::move(done));
  }
  void release(queue::Filter const& filter, queue::Queue::Counted done) override {
    queue_->release(filter, std::move(done));
  }
  void remove(queue::Filter const& filter, bool bounce, queue::Queue::Counted done) override {
    queue_->remove(filter, bounce, std::move(done));
  }

  [[nodiscard]] std::vector<std::string> const& secret_files() const {
    return current_.get()->snapshot->settings.secret_files;
  }

  /// Beside what is served; what is bad stays as it was.
  void reload(Reloads::Done done) override { reloads_->ask(std::move(done)); }

  /// On a thread of the pool. Nobody but a reload changes what is in use, and there is one at a
  /// time.
  Loaded load() {
    net::notify("RELOADING=1");
    // Before it is read: what changes meanwhile is another tree.
    auto signature = conf::tree_signature(options_.directory);
    return {std::move(signature), serve::reload(options_.directory, current_.get())};
  }

  conf::Problems take(Loaded loaded) {
    auto& tree = loaded.tree;
    problems_ = std::move(tree.problems);
    if (auto const& problem = telemetry_->problem()) problems_.push_back(*problem);
    if (tree.live) {
      current_.set(std::move(tree.live));
      loaded_ = now();
      auto const& snapshot = *current_.get()->snapshot;
      desk_->refresh();
      resolver_->change(resolver_setup(snapshot.settings));
      keys_->set(snapshot);
      queue_->set_policy(queue_policy(snapshot.settings));
      server_->set_times(connection_times(snapshot.settings));
    }
    if (tree_) tree_->was_read(loaded.signature, secret_files());
    telemetry_->reopen_log();
    tell(control::Event::Kind::reloaded);
    tell_problems();
    if (!stopping_) net::notify("READY=1");
    return problems_;
  }

  void stop() override {
    if (stopping_) return main_->stop();  // asked twice: at once
    stopping_ = true;
    net::notify("STOPPING=1");
    tell(control::Event::Kind::stopping);
    cut_ = main_->after(stop_limit, [this] { main_->stop(); });
    // Both at once: a session that takes its time must not let attempts begin that are cut.
    auto const ended = [this] {
      if (--running_parts_ == 0) main_->stop();
    };
    server_->stop(ended);
    queue_->stop(ended);
    curfew_->call();  // their messages wait for the next start
  }

  void beat() {
    net::notify("WATCHDOG=1");
    beat_ = main_->after(watchdog_, [this] { beat(); });
  }

  DaemonOptions options_;
  std::unique_ptr<net::Loop> main_ = net::Loop::make();
  files::DiskFiles files_;
  Current current_;
  conf::Problems problems_;
  std::vector<queue::Recovered> recovered_;
  std::unique_ptr<Telemetry> telemetry_;
  std::unique_ptr<queue::Spool> spool_;
  std::unique_ptr<net::DnsResolver> resolver_;
  std::unique_ptr<SigningKeys> keys_;
  std::unique_ptr<Pools> pool_;
  ReadContent read_;
  std::unique_ptr<Reloads> reloads_;
  std::shared_ptr<delivery::Curfew> curfew_ = std::make_shared<delivery::Curfew>();
  std::unique_ptr<delivery::Courier> courier_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<Authenticator> logins_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<FrontDesk> desk_;
  std::unique_ptr<SessionLoops> sessions_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<net::Timer> signals_;
  std::unique_ptr<net::Timer> cut_;
  std::unique_ptr<net::Timer> beat_;
  std::chrono::milliseconds watchdog_{0};
  bool ready_ = false;
  bool stopping_ = false;
  int running_parts_ = 2;  // of a stop: sessions and attempts
  TimePoint const started_ = now();
  TimePoint loaded_ = started_;
  std::string signature_;  // of the tree that was read; until there is a watch
  std::unique_ptr<TreeWatch> tree_;
  std::unique_ptr<Port> control_;
  std::unique_ptr<Port> monitoring_;
};

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(DaemonOptions options) {
  net::hold_signals(signals);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  auto read = conf::tree_signature(options.directory);
  auto loaded = reload(options.directory, nullptr);
  if (!loaded.live) {
    std::cerr << conf::format(loaded.problems) << std::flush;
    return fail(ErrorCode::invalid, "with this configuration nothing can be served");
  }
  auto daemon =
      std::make_unique<WholeDaemon>(std::move(options), std::move(read), std::move(loaded));
  auto started = daemon->start();
  daemon->show_problems();
  if (!started) return tl::unexpected(started.error());
  return daemon;
}

}  // namespace mailstack::serve
