#pragma once
/// \file
/// What requests are answered with, as JSON in one line without line end.

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/control/operations.hpp"

namespace mailstack::control {

std::string format_status(Status const& status);
/// `{"problems":[…]}`
std::string format_problems(conf::Problems const& problems);
/// `{"metrics":"…"}`
std::string format_metrics(std::string const& text);
/// `{"messages":[…],"next":"ID"}`: `next` where more may follow. Of the recipients of a message the
/// first 20 that are not done.
std::string format_entries(queue::Page const& page);
/// `{"message":{…}}`, with every recipient; and, with `content`, `"content"`: its octets as text,
/// or
/// `"content_base64"` where they are no UTF-8.
std::string format_entry(queue::Entry const& entry, queue::Content const& content);
std::string format_stats(queue::QueueStats const& stats);
/// `{"count":3}`
std::string format_count(std::size_t count);

}  // namespace mailstack::control
