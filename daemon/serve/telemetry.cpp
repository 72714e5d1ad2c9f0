#include "daemon/serve/telemetry.hpp"

namespace mailstack::serve {

namespace {

using control::Event;

Event of_client(Event::Kind kind, Client const& client) {
  Event event;
  event.kind = kind;
  event.client = client.address;
  event.port = client.port;
  event.service = client.service;
  event.user = client.user;
  if (client.tls) event.tls = client.tls->version;
  return event;
}

double seconds(std::chrono::microseconds span) {
  return std::chrono::duration<double>(span).count();
}

class TimedCourier : public delivery::Courier {
 public:
  TimedCourier(std::unique_ptr<delivery::Courier> inner, control::Histograms& duration)
      : inner_(std::move(inner)), duration_(duration) {}

  void deliver(delivery::Job job,
               std::function<void(std::vector<delivery::Outcome>)> done) override {
    auto const begun = std::chrono::steady_clock::now();
    inner_->deliver(std::move(job),
                    [this, begun, done = std::move(done)](std::vector<delivery::Outcome> outcomes) {
                      auto const took = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::steady_clock::now() - begun);
                      for (auto const& one : outcomes) {
                        if (one.cut != delivery::Outcome::Cut::none) continue;
                        auto const* result = one.reply.positive()    ? "sent"
                                             : one.reply.permanent() ? "failed"
                                                                     : "deferred";
                        duration_.at({result}).observe(seconds(took));
                      }
                      done(std::move(outcomes));
                    });
  }

 private:
  std::unique_ptr<delivery::Courier> inner_;
  control::Histograms& duration_;
};

}  // namespace

std::unique_ptr<delivery::Courier> Telemetry::timed(std::unique_ptr<delivery::Courier> courier) {
  return std::make_unique<TimedCourier>(std::move(courier), metrics_.delivery_duration);
}

Telemetry::Telemetry(std::string const& version, conf::Settings const& settings)
    : metrics_(version), place_(settings.mail_log_path) {
  control::LogPlace place;
  place.form = settings.log;
  place.path = settings.mail_log_path;
  auto const lost = [this](std::size_t lines) {
    metrics_.log_lost.get().add(static_cast<double>(lines));
  };
  auto opened = control::Log::open(place, lost);
  if (!opened) {
    auto const* key = settings.log == conf::Settings::Log::journal ? "log" : "mail_log_path";
    problem_ = conf::problem_at(conf::place_of(settings, key), opened.error().what,
                                "until a restart the log goes to standard error", true);
    place.path = "<stderr>";
    place.form = conf::Settings::Log::chasquid;
    opened = control::Log::open(place, lost);
  }
  if (opened) log_ = std::move(*opened);
}

void Telemetry::tell(Event const& event) {
  metrics_.count(event);
  if (log_) log_->write(event);
}

void Telemetry::tell(conf::Problem const& problem) {
  Event event;
  event.kind = Event::Kind::problem;
  event.trouble = &problem;
  tell(event);
}

void Telemetry::tell(queue::Event const& event) { tell(control::event_of(event)); }

void Telemetry::tell_queued(KeptMessage const& kept, Client const& client) {
  auto event = of_client(Event::Kind::queued, client);
  event.id = kept.id;
  event.from = kept.envelope.sender;
  for (auto const& one : kept.envelope.recipients) event.to.push_back(queue::shown_address(one));
  event.message_id = kept.envelope.message_id;
  event.octets = kept.content->size();
  tell(event);
  for (auto const& one : kept.lost) {
    Event failed;
    failed.kind = Event::Kind::failed;
    failed.id = kept.id;
    failed.from = kept.envelope.sender;
    failed.to = {one.address};
    failed.original = one.original;
    failed.text = one.last_reply;
    if (log_) log_->write(failed);  // not counted: nothing was tried, and nobody refused it
  }
}

std::optional<conf::Problem> Telemetry::reopen_log() {
  if (!log_) return std::nullopt;
  auto const done = log_->reopen();
  if (done) return std::nullopt;
  return conf::Problem{place_, done.error().what, 0, 0, "what was open before is written to", true};
}

SessionEvents Telemetry::session_events() {
  SessionEvents events;
  events.auth = [this](Client const& client, std::string const& user,
                       smtp::AuthVerdict const& verdict, bool counts) {
    auto event = of_client(verdict.accepted ? Event::Kind::auth_succeeded
                           : counts         ? Event::Kind::auth_failed
                                            : Event::Kind::auth_failed_again,
                           client);
    event.user = verdict.accepted ? verdict.user : user;
    auto const text = smtp::one_line(verdict.reply);
    event.text = text;
    tell(event);
  };
  auto const of_transaction = [this](Event::Kind kind, Client const& client,
                                     smtp::Transaction const& transaction, std::string_view text) {
    auto event = of_client(kind, client);
    auto const sender = transaction.sender.text();
    std::vector<std::string> recipients;
    for (auto const& one : transaction.recipients) recipients.push_back(one.text());
    event.from = sender;
    event.to = {recipients.begin(), recipients.end()};
    event.text = text;
    tell(event);
  };
  events.refused = [of_transaction](Client const& client, smtp::Transaction const& transaction,
                                    smtp::Reply const& reply) {
    of_transaction(Event::Kind::rejected, client, transaction, smtp::one_line(reply));
  };
  events.cut = [of_transaction](Client const& client, smtp::Transaction const& transaction,
                                std::string_view where) {
    of_transaction(Event::Kind::session_cut, client, transaction, where);
  };
  events.finished = [this](Client const& client, smtp::Reply const& reply, std::uint64_t octets,
                           std::chrono::microseconds commit) {
    if (!reply.positive()) return;
    auto const service = control::format(client.service);
    metrics_.messages_received.at({service}).add();
    metrics_.received_bytes.at({service}).add(static_cast<double>(octets));
    metrics_.commit_duration.get().observe(seconds(commit));
  };
  events.came = [this](Client const& client) {
    metrics_.sessions_open.at({control::format(client.service)}).add(1);
  };
  events.left = [this](Client const& client, std::chrono::milliseconds lasted) {
    auto const service = control::format(client.service);
    metrics_.sessions.at({service}).add();
    metrics_.sessions_open.at({service}).add(-1);
    metrics_.session_duration.at({service}).observe(seconds(lasted));
    if (client.tls) metrics_.tls_sessions.at({service, client.tls->version}).add();
  };
  events.tls_failed = [this](Client const& client, std::string const& why) {
    auto event = of_client(Event::Kind::tls_failed, client);
    event.text = why;
    tell(event);
  };
  return events;
}

}  // namespace mailstack::serve
