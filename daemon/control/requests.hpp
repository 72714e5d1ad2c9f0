#pragma once
/// \file
/// The control protocol: one JSON object a line in, one a line out (docs/control.md).
///
/// The socket is its own permission: who may connect may do everything. A member that is not known
/// is an error and not ignored, since a filter with a typing error would mean every message.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/control/operations.hpp"

namespace mailstack::control {

constexpr std::size_t most_request = 65'536;  ///< octets of a line
constexpr std::size_t most_listed = 1'000;    ///< messages of one answer

struct Request {
  enum class Do {
    status,
    reload,
    stop,
    metrics,
    queue_list,
    queue_show,
    queue_flush,
    queue_hold,
    queue_release,
    queue_remove,
    queue_stats,
  } what = Do::status;
  queue::Filter filter;
  queue::ItemId after = 0;
  std::size_t most = 100;
  bool all = false;      ///< every message is meant
  bool bounce = false;   ///< of queue remove: the sender is told
  bool content = false;  ///< of queue show: the message too
};

/// Fails with invalid and says which member is wrong.
Result<Request> parse_request(std::string_view line);
/// What parse_request() reads, without line end.
std::string format(Request const& request);

/// Does what the line asks for. One line, with its line end, whatever happens.
std::string answer(std::string_view line, Operations& operations);

/// `{"error":{"code":"invalid","what":"…"}}` and a line end: also for what is no request, as a line
/// that is too long.
std::string format_error(Error const& error);

/// A peer's octets to answers: cuts them into lines. One a connection.
class RequestLines {
 public:
  /// The answers to the lines that are whole. Once a line was longer than most_request an error is
  /// the last answer, and over() is true.
  std::string receive(std::string_view octets, Operations& operations);
  [[nodiscard]] bool over() const { return over_; }

 private:
  std::string kept_;
  bool over_ = false;
};

}  // namespace mailstack::control
