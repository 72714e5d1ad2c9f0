#include "daemon/serve/parts.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

#include "daemon/conf/outlook.hpp"
#include "daemon/conf/restart.hpp"
#include "daemon/delivery/courier_doors.hpp"
#include "daemon/queue/log_spool/log_spool.hpp"
#include "daemon/serve/bounces.hpp"
#include "daemon/serve/part_settings.hpp"
#include "daemon/serve/time_and_chance.hpp"

namespace mailstack::serve {

namespace {

/// Whether mail may go other ways under other settings.
bool leads_elsewhere(std::vector<std::string> const& changed_keys) {
  return std::any_of(changed_keys.begin(), changed_keys.end(), [](std::string const& key) {
    return key.starts_with("delivery") || key.starts_with("smarthost") || key.starts_with("dns");
  });
}

}  // namespace

Parts::Parts(net::Loop& loop, std::string const& version, std::shared_ptr<Live const> live)
    : main(loop) {
  current.set(std::move(live));
  telemetry = std::make_unique<Telemetry>(version, settings());
}

Parts::~Parts() {
  if (queue) queue->tell_cut();
  curfew_->hurry();
  if (sessions_) sessions_->stop();
  // A login that is judged and a message that is written still post their answers to the session
  // loops, which must be there until neither the pools nor the spool have a thread any more.
  pools.reset();  // what they run calls the spool and the loop
  queue.reset();
  courier_.reset();
  spool.reset();
  if (begun_) tell_stopped();
  server.reset();  // sessions that were cut are destroyed by nobody else
  sessions_.reset();
}

Result<> Parts::open(std::span<net::Bound const> bound) {
  if (auto opened = open_spool(); !opened) return opened;
  resolver = net::DnsResolver::make(main, resolver_setup(settings()));
  keys = std::make_unique<SigningKeys>(main, *resolver, files_, settings().state + "/signing");
  keys->set(*current.get()->snapshot);
  pools = std::make_unique<Pools>();
  read = read_beside(main, pools->files, *spool);
  make_queue();
  make_desk();
  sessions_ = std::make_unique<SessionLoops>(settings().loops);
  server = Server::make(main, sessions_->loops(), *desk_);
  server->set_times(connection_times(settings()));
  auto const inherited = net::inherited_sockets();
  return server->open(settings().listen, inherited, bound);
}

Result<> Parts::open_spool() {
  queue::SpoolOptions options;
  options.directory = settings().spool;
  options.reserve = settings().queue.reserve;
  options.notice = [](std::string const& text) { std::cerr << text << std::endl; };
  auto opened = queue::LogSpool::open(
      options, [this](queue::Recovered item) { recovered_.push_back(std::move(item)); });
  if (!opened) return fail(conf::unusable(settings().spool, opened.error()));
  spool = std::move(*opened);
  return {};
}

void Parts::make_queue() {
  auto doors = delivery::real_doors(main, *resolver);
  doors.conf = [this] { return current.get()->snapshot; };
  doors.offload = [this](std::function<void()> work) {
    return pools->programs.run(std::move(work));
  };
  doors.curfew = curfew_;
  courier_ = telemetry->timed(delivery::make_courier(std::move(doors)));
  queue::Queue::Doors needs{
      .spool = *spool,
      .courier = *courier_,
      .now = now,
      .timer =
          [this](std::chrono::milliseconds span, std::function<void()> call) {
            return std::shared_ptr<void>(main.after(span, std::move(call)));
          },
      .read = read,
      .post = [this](std::function<void()> call) { main.post(std::move(call)); },
      .random = chance,
      .make_bounce = bounce_maker(main, pools->calculations, current, *keys),
      .destination_of =
          [this](queue::Recipient const& recipient) {
            return delivery::destination_of(settings(), recipient);
          },
      .event =
          [this](queue::Event const& event) {
            // What a client brought was told by the intake, which knows it.
            if (event.kind != queue::Event::Kind::queued || event.bounce) telemetry->tell(event);
          }};
  queue = std::make_unique<queue::Queue>(std::move(needs), queue_policy(settings()),
                                         "postmaster@" + settings().hostname);
}

void Parts::make_desk() {
  logins_ = std::make_unique<Authenticator>(pools->calculations, process_key(), steady);
  intake_ = std::make_unique<Intake>(Intake::Doors{
      .spool = *spool,
      .keys = *keys,
      .calculations = pools->calculations,
      .hooks = pools->hooks,
      .curfew = curfew_,
      .trouble =
          [this](conf::Problem const& problem) {
            if (hook_troubles_.is_due(conf::format(problem), now())) telemetry->tell(problem);
          },
      .now = now,
      .queued =
          [this](std::vector<KeptMessage> kept, Client const& client) {
            for (auto const& one : kept) telemetry->tell_queued(one, client);
            main.post([this, kept = std::move(kept)]() mutable {
              for (auto& one : kept) {
                auto const octets = one.content->size();
                queue->add(one.id, std::move(one.envelope), octets, std::move(one.content));
              }
            });
          }});
  desk_ = std::make_unique<FrontDesk>(FrontDesk::Doors{.current = current,
                                                       .spool = *spool,
                                                       .logins = *logins_,
                                                       .intake = *intake_,
                                                       .now = now,
                                                       .steady = steady,
                                                       .events = telemetry->session_events()});
}

void Parts::begin() {
  queue->recover(std::exchange(recovered_, {}));
  server->begin();
  begun_ = true;
}

/// The last line of the log: what is no longer there was told of before.
void Parts::tell_stopped() {
  auto const cut = server->cut();
  std::string text;
  if (cut > 0) text = std::to_string(cut) + (cut == 1 ? " session was cut" : " sessions were cut");
  control::Event event;
  event.kind = control::Event::Kind::stopped;
  event.text = text;
  telemetry->tell(event);
}

void Parts::use(std::shared_ptr<Live const> live) {
  auto const changed = conf::changed_keys(settings(), live->snapshot->settings);
  current.set(std::move(live));
  desk_->refresh();
  resolver->change(resolver_setup(settings()));
  keys->set(*current.get()->snapshot);
  queue->set_policy(queue_policy(settings()));
  if (leads_elsewhere(changed)) queue->forget_faults();
  server->set_times(connection_times(settings()));
}

void Parts::stop(std::function<void()> done) {
  // Both at once: a session that takes its time must not let attempts begin that are cut.
  auto const ended = [done = std::move(done), running = std::make_shared<int>(2)] {
    if (--*running == 0) done();
  };
  server->stop(ended);
  queue->stop(ended);
  curfew_->call();  // the messages of its programs wait for the next start
}

void Parts::hurry(std::function<void()> done) {
  curfew_->hurry();
  queue->stop(std::move(done));
}

}  // namespace mailstack::serve
