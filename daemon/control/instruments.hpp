#pragma once
/// \file
/// Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4) and
/// OpenMetrics 1.0. What they are called and count is said in metrics.hpp.
///
/// Everything may be called from any thread. Values are atomic; two of them read together need not
/// belong to one moment, but the buckets of a histogram always add up to its count.

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mailstack::control {

/// Only grows. Whole up to 2^53.
class Counter {
 public:
  void add(double more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  /// To what somebody else counts; never down.
  void raise_to(double value);
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double more) { value_.fetch_add(more, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

/// How often values were at most so large. NaN and negative values count as 0.
class Histogram {
 public:
  static constexpr std::size_t most_buckets = 24;
  /// `bounds` grow, are at most most_buckets, and outlive the histogram.
  explicit Histogram(std::span<double const> bounds) : bounds_(bounds) {}

  void observe(double value);

  struct Reading {
    std::vector<std::uint64_t> up_to;  ///< per bound: values not larger
    std::uint64_t count = 0;
    double sum = 0;
  };
  [[nodiscard]] Reading read() const;
  [[nodiscard]] std::span<double const> bounds() const { return bounds_; }

 private:
  std::span<double const> bounds_;
  std::array<std::atomic<std::uint64_t>, most_buckets + 1> counts_{};  ///< the last: above all
  std::atomic<double> sum_ = 0;
};

enum class Exposition {
  prometheus,   ///< `text/plain; version=0.0.4`
  openmetrics,  ///< `application/openmetrics-text; version=1.0.0`
};

/// All series of one name. Registers itself, and lives as long as its registry.
class Family;

/// The families in the order in which they were declared.
class Registry {
 public:
  void enter(Family const& family) { families_.push_back(&family); }
  [[nodiscard]] std::string format(Exposition form) const;
  [[nodiscard]] std::vector<Family const*> const& families() const { return families_; }

 private:
  std::vector<Family const*> families_;
};

/// What is said of a family once. `name` ends with the unit where there is one, and of a counter
/// with `_total` behind it; `help` is a sentence without full stop.
struct About {
  std::string_view name;
  std::string_view help;
  std::vector<std::string_view> labels = {};
  std::string_view unit = {};       ///< `seconds`, `bytes`
  std::size_t most_series = 1'000;  ///< what comes later counts as `other` in every label
};

class Family {
 public:
  virtual ~Family() = default;
  Family(Family const&) = delete;
  Family& operator=(Family const&) = delete;

  [[nodiscard]] About const& about() const { return about_; }
  /// `counter`, `gauge`, `histogram`.
  [[nodiscard]] virtual std::string_view type() const = 0;
  /// HELP, TYPE, UNIT and samples.
  void append(std::string& out, Exposition form) const;

 protected:
  Family(Registry& registry, About about) : about_(std::move(about)) { registry.enter(*this); }
  virtual void append_samples(std::string& out, Exposition form) const = 0;

 private:
  About about_;
};

using LabelValues = std::vector<std::string>;

/// A family of `Value`s by the values of its labels. A label's value may come from a stranger: it
/// is cut at 128 octets, and of new ones only so many are kept as `about().most_series` says.
template <class Value>
class FamilyOf : public Family {
 public:
  FamilyOf(Registry& registry, About about) : FamilyOf(registry, std::move(about), {}) {}
  /// Of histograms.
  FamilyOf(Registry& registry, About about, std::span<double const> bounds);

  /// The series with these values, one for each label. The reference stays good as long as the
  /// family; of gauges until the next replace().
  Value& at(std::initializer_list<std::string_view> values);
  /// Where there are no labels.
  Value& get() { return at({}); }

  /// Gauges of what comes and goes: those that are not named are gone.
  void replace(std::vector<std::pair<LabelValues, double>> const& series)
    requires std::same_as<Value, Gauge>;

  [[nodiscard]] std::string_view type() const override;

 private:
  void append_samples(std::string& out, Exposition form) const override;
  Value& make(LabelValues key);

  std::span<double const> bounds_;
  mutable std::mutex mutex_;
  std::map<LabelValues, std::unique_ptr<Value>> series_;
};

extern template class FamilyOf<Counter>;
extern template class FamilyOf<Gauge>;
extern template class FamilyOf<Histogram>;

using Counters = FamilyOf<Counter>;
using Gauges = FamilyOf<Gauge>;
using Histograms = FamilyOf<Histogram>;

}  // namespace mailstack::control
