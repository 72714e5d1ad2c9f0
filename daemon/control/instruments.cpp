#include "daemon/control/instruments.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "daemon/control/shown.hpp"

namespace mailstack::control {

namespace {

constexpr std::size_t most_label = 128;
constexpr double whole_limit = 9007199254740992;  // 2^53
constexpr std::string_view total = "_total";

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // The shortest form of a million would be 1e+06.
  if (std::abs(value) < whole_limit && value == std::trunc(value))
    return std::to_string(static_cast<std::int64_t>(value));
  std::array<char, 32> text{};
  auto const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

/// Inside of quotes, and of HELP: the line must not end.
std::string escaped(std::string_view text, bool quoted) {
  std::string out;
  for (char const c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quoted)
      out += "\\\"";
    else
      out += c;
  }
  return out;
}

/// `{service="smtp",le="0.5"}`; nothing without labels.
std::string labels(About const& about, LabelValues const& values, std::string_view more = {}) {
  std::string out;
  for (std::size_t i = 0; i < about.labels.size(); ++i)
    out.append(out.empty() ? "" : ",")
        .append(about.labels[i])
        .append("=\"")
        .append(escaped(values[i], true))
        .append("\"");
  if (!more.empty()) out.append(out.empty() ? "" : ",").append(more);
  return out.empty() ? out : "{" + out + "}";
}

void append_series(std::string& out, About const& about, LabelValues const& values,
                   Counter const& counter, Exposition /*form*/) {
  out.append(about.name).append(labels(about, values));
  out.append(" ").append(number(counter.value())).append("\n");
}

void append_series(std::string& out, About const& about, LabelValues const& values,
                   Gauge const& gauge, Exposition /*form*/) {
  out.append(about.name).append(labels(about, values));
  out.append(" ").append(number(gauge.value())).append("\n");
}

/// OpenMetrics wants floats where bounds stand: `1.0`.
std::string bound(double value, Exposition form) {
  auto text = number(value);
  if (form == Exposition::openmetrics && text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

void append_series(std::string& out, About const& about, LabelValues const& values,
                   Histogram const& histogram, Exposition form) {
  auto const reading = histogram.read();
  auto const bucket = [&](std::string const& le, std::uint64_t count) {
    out.append(about.name).append("_bucket").append(labels(about, values, "le=\"" + le + "\""));
    out.append(" ").append(std::to_string(count)).append("\n");
  };
  for (std::size_t i = 0; i < reading.up_to.size(); ++i)
    bucket(bound(histogram.bounds()[i], form), reading.up_to[i]);
  bucket("+Inf", reading.count);
  auto const own = labels(about, values);
  out.append(about.name).append("_sum").append(own).append(" ").append(number(reading.sum));
  out.append("\n").append(about.name).append("_count").append(own).append(" ");
  out.append(std::to_string(reading.count)).append("\n");
}

}  // namespace

void Counter::raise_to(double value) {
  auto known = value_.load(std::memory_order_relaxed);
  while (known < value && !value_.compare_exchange_weak(known, value)) {
  }
}

void Histogram::observe(double value) {
  if (!(value > 0)) value = 0;
  auto const at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
  Reading reading;
  reading.sum = sum_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    reading.count += counts_[i].load(std::memory_order_relaxed);
    reading.up_to.push_back(reading.count);
  }
  reading.count += counts_[bounds_.size()].load(std::memory_order_relaxed);
  return reading;
}

std::string Registry::format(Exposition form) const {
  std::string out;
  for (auto const* family : families_) family->append(out, form);
  if (form == Exposition::openmetrics) out += "# EOF\n";
  return out;
}

void Family::append(std::string& out, Exposition form) const {
  auto name = about_.name;
  // OpenMetrics names a counter without its suffix; a sample has it in both.
  if (form == Exposition::openmetrics && name.ends_with(total)) name.remove_suffix(total.size());
  out.append("# HELP ").append(name).append(" ");
  out.append(escaped(about_.help, form == Exposition::openmetrics)).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type()).append("\n");
  if (form == Exposition::openmetrics && !about_.unit.empty())
    out.append("# UNIT ").append(name).append(" ").append(about_.unit).append("\n");
  append_samples(out, form);
}

template <class Value>
FamilyOf<Value>::FamilyOf(Registry& registry, About about, std::span<double const> bounds)
    : Family(registry, std::move(about)), bounds_(bounds) {
  // Preset, so that the first increase is one.
  if (this->about().labels.empty()) make({});
}

template <class Value>
Value& FamilyOf<Value>::make(LabelValues key) {
  std::unique_ptr<Value> value;
  if constexpr (std::same_as<Value, Histogram>)
    value = std::make_unique<Value>(bounds_);
  else
    value = std::make_unique<Value>();
  return *series_.emplace(std::move(key), std::move(value)).first->second;
}

template <class Value>
Value& FamilyOf<Value>::at(std::initializer_list<std::string_view> values) {
  LabelValues key;
  for (auto const value : values) key.push_back(valid_utf8(value.substr(0, most_label)));
  key.resize(about().labels.size());
  std::lock_guard const lock(mutex_);
  if (auto const found = series_.find(key); found != series_.end()) return *found->second;
  if (series_.size() < about().most_series) return make(std::move(key));
  LabelValues const other(key.size(), "other");
  auto const found = series_.find(other);
  return found != series_.end() ? *found->second : make(other);
}

template <class Value>
void FamilyOf<Value>::replace(std::vector<std::pair<LabelValues, double>> const& series)
  requires std::same_as<Value, Gauge>
{
  std::lock_guard const lock(mutex_);
  series_.clear();
  for (auto [key, value] : series) {
    for (auto& text : key) text = valid_utf8(std::string_view(text).substr(0, most_label));
    key.resize(about().labels.size());
    make(std::move(key)).set(value);
  }
}

template <class Value>
std::string_view FamilyOf<Value>::type() const {
  if constexpr (std::same_as<Value, Counter>) return "counter";
  if constexpr (std::same_as<Value, Gauge>) return "gauge";
  return "histogram";
}

template <class Value>
void FamilyOf<Value>::append_samples(std::string& out, Exposition form) const {
  std::lock_guard const lock(mutex_);
  for (auto const& [key, value] : series_) append_series(out, about(), key, *value, form);
}

template class FamilyOf<Counter>;
template class FamilyOf<Gauge>;
template class FamilyOf<Histogram>;

}  // namespace mailstack::control
