#include "reconciler/cli/progress.hpp"

namespace mailstack::cli {

namespace {

/// `provider/ns1` → `ns1`
std::string_view short_name(std::string_view lane) { return lane.substr(lane.find('/') + 1); }

}  // namespace

ProgressLine::ProgressLine(std::ostream& err, Paper const& paper, bool terminal,
                           std::chrono::milliseconds patience)
    : err_(err), paper_(paper), terminal_(terminal), patience_(patience) {}

ProgressLine::~ProgressLine() {
  {
    std::scoped_lock const lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (printer_.joinable()) printer_.join();
  if (shown_ && terminal_) err_ << "\r\x1b[K" << std::flush;
}

void ProgressLine::expect(std::string_view lane, std::string_view what, std::size_t total) {
  if (total == 0) return;
  std::scoped_lock const lock(mutex_);
  auto& entry = lanes_[std::string(lane)];
  if (entry.what != what) entry = {std::string(what), 0, 0};
  entry.total += total;
  if (!printer_.joinable() && !paper_.quiet)
    printer_ = std::thread([this] { print_until_stopped(); });
}

void ProgressLine::advance(std::string_view lane, std::size_t done) {
  std::scoped_lock const lock(mutex_);
  if (auto const found = lanes_.find(lane); found != lanes_.end()) found->second.done += done;
}

void ProgressLine::print_until_stopped() {
  auto pause = patience_;
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, pause, [this] { return stopping_; })) {
    print();
    pause = terminal_ ? patience_ : patience_ * 10;
  }
}

void ProgressLine::print() {
  auto const text = line();
  if (text.empty()) return;
  shown_ = true;
  if (terminal_)
    err_ << "\r\x1b[K" << paper_.fit(text, paper_.width) << std::flush;
  else
    err_ << text << '\n' << std::flush;
}

std::string ProgressLine::line() const {
  std::string text;
  for (auto const& [name, lane] : lanes_) {
    if (lane.done >= lane.total) continue;
    text += text.empty() ? "" : "; ";
    text += std::string(short_name(name)) + ": " + lane.what + " " + std::to_string(lane.done) +
            " of " + std::to_string(lane.total);
  }
  return printable(text);
}

std::string announce_calls(std::vector<std::pair<std::string, std::size_t>> const& calls) {
  constexpr std::size_t few = 5;
  std::size_t total = 0;
  std::string text;
  for (auto const& [lane, number] : calls) {
    // What stands on this host is read in no time; the calls that a person waits for, and that a
    // provider may count, are those to providers.
    if (number == 0 || lane.starts_with("host/")) continue;
    total += number;
    text += (text.empty() ? "asking: " : ", ") + count(number, "call") + " to " +
            std::string(short_name(lane));
  }
  return total > few ? text : std::string{};
}

}  // namespace mailstack::cli
