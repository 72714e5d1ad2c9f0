#pragma once
/// \file
/// The control protocol: one JSON object a line in, one a line out (docs/control.md).
///
/// The socket is its own permission: who may connect may do everything. A member that is not known
/// is an error and not ignored, since a filter with a typing error would mean every message.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/control/operations.hpp"

namespace mailstack::control {

constexpr std::size_t most_request = 65'536;             ///< octets of a line
constexpr std::size_t most_waiting = 16 * most_request;  ///< octets behind a request
constexpr std::size_t most_listed = 1'000;               ///< messages of one answer

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

/// One line, with its line end.
using Say = std::function<void(std::string answer)>;

/// Does what the line asks for. `say` gets one answer whatever happens, unless the daemon ends
/// before: within the call or later.
void answer(std::string_view line, Operations& operations, Say say);

/// `{"error":{"code":"invalid","what":"…"}}` and a line end: also for what is no request, as a line
/// that is too long.
std::string format_error(Error const& error);

/// A peer's octets to answers: cuts them into lines and takes one after the other, so that answers
/// come in the order of the questions. One a connection.
class RequestLines {
 public:
  /// `say` is called within receive() or later, not after this is destroyed.
  RequestLines(Operations& operations, Say say);
  RequestLines(RequestLines const&) = delete;
  RequestLines& operator=(RequestLines const&) = delete;

  /// Once a line was longer than most_request, or more than most_waiting octets wait for an answer
  /// to come, an error is the last answer, and over() is true.
  void receive(std::string_view octets);
  [[nodiscard]] bool over() const { return over_; }
  /// An answer is awaited: it is not for the peer to say something.
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  void take_lines();
  bool take_line();
  void answered(std::string text);
  void refuse(std::string what);

  Operations& operations_;
  Say say_;
  std::string kept_;
  std::size_t start_ = 0;  ///< of what is not done in kept_
  bool taking_ = false;
  bool busy_ = false;
  bool over_ = false;
  /// What is called later holds it weakly.
  std::shared_ptr<RequestLines*> self_;
};

}  // namespace mailstack::control
