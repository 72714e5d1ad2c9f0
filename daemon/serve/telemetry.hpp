#pragma once
/// \file
/// What happens becomes lines of the log and numbers of the metrics.

#include "daemon/control/log.hpp"
#include "daemon/control/metrics.hpp"
#include "daemon/delivery/courier.hpp"
#include "daemon/serve/front_desk.hpp"

namespace mailstack::serve {

/// From any thread.
class Telemetry {
 public:
  /// Where the log's place cannot be opened, `problem` says so and standard error is used.
  Telemetry(std::string const& version, conf::Settings const& settings);

  void tell(control::Event const& event);
  void tell(conf::Problem const& problem);
  /// What the front desk reports.
  SessionEvents session_events();
  void tell(queue::Event const& event);
  /// And whom its aliases name in vain, each with a line of its own: nobody else hears of it. The
  /// metrics do not: they count attempts.
  void tell_queued(KeptMessage const& kept, Client const& client);
  /// At a reload. Where its place cannot be opened any more, the log goes on with what was open.
  std::optional<conf::Problem> reopen_log();
  /// The same courier, and how long its attempts take. Not to outlive this.
  std::unique_ptr<delivery::Courier> timed(std::unique_ptr<delivery::Courier> courier);

  [[nodiscard]] std::optional<conf::Problem> const& problem() const { return problem_; }
  [[nodiscard]] bool on_standard_error() const { return log_ && log_->on_standard_error(); }
  control::Metrics& metrics() { return metrics_; }

 private:
  control::Metrics metrics_;
  std::unique_ptr<control::Log> log_;
  std::string place_;
  std::optional<conf::Problem> problem_;
};

}  // namespace mailstack::serve
