#include "daemon/control/requests.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/control/answers.hpp"

namespace mailstack::control {

using mailstack::format;  // of times, which overloads of ours would hide

namespace {

using nlohmann::json;
using Do = Request::Do;

// Which members a request may have beside `do`.
enum Member : unsigned {
  none = 0,
  filters = 1,  ///< id, sender, recipient, domain, held, older_than, all
  paging = 2,   ///< after, most
  only_id = 4,
  bounces = 8,
  contents = 16,
  only_most = 32,
};

struct Row {
  Do what;
  std::string_view word;
  unsigned members;
  bool careful;  ///< without a filter only with `all`
};

constexpr std::array<Row, 11> rows{{
    {Do::status, "status", none, false},
    {Do::reload, "reload", none, false},
    {Do::stop, "stop", none, false},
    {Do::metrics, "metrics", none, false},
    {Do::queue_list, "queue list", filters | paging, false},
    {Do::queue_show, "queue show", only_id | contents, false},
    {Do::queue_flush, "queue flush", filters, false},
    {Do::queue_hold, "queue hold", filters, true},
    {Do::queue_release, "queue release", filters, true},
    {Do::queue_remove, "queue remove", filters | bounces, true},
    {Do::queue_stats, "queue stats", only_most, false},
}};

Row const& row_of(Do what) {
  for (auto const& row : rows)
    if (row.what == what) return row;
  return rows[0];
}

tl::unexpected<Error> wrong(std::string what) { return fail(ErrorCode::invalid, std::move(what)); }

Result<> take_text(json const& value, std::string_view name, std::string& into) {
  if (!value.is_string()) return wrong("`" + std::string(name) + "` is no text");
  into = value.get<std::string>();
  if (into.empty()) return wrong("`" + std::string(name) + "` is empty");
  return {};
}

Result<> take_flag(json const& value, std::string_view name, bool& into) {
  if (!value.is_boolean()) return wrong("`" + std::string(name) + "` is neither true nor false");
  into = value.get<bool>();
  return {};
}

Result<> take_id(json const& value, std::string_view name, queue::ItemId& into) {
  std::string text;
  if (auto taken = take_text(value, name, text); !taken) return taken;
  auto const id = queue::parse_id(text);
  if (!id) return fail(id.error());
  into = *id;
  return {};
}

Result<> take_most(json const& value, std::size_t& into) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 ||
      value.get<std::uint64_t>() > most_listed)
    return wrong("`most` is no number from 1 to " + std::to_string(most_listed));
  into = value.get<std::size_t>();
  return {};
}

Result<> take_filter(json const& value, std::string_view name, Request& request, bool& known) {
  auto& filter = request.filter;
  if (name == "id") return take_id(value, name, filter.id.emplace());
  if (name == "sender") return take_text(value, name, filter.sender);
  if (name == "recipient") return take_text(value, name, filter.recipient);
  if (name == "domain") return take_text(value, name, filter.domain);
  if (name == "held") return take_flag(value, name, filter.held.emplace());
  if (name == "all") return take_flag(value, name, request.all);
  if (name != "older_than") {
    known = false;
    return {};
  }
  std::string text;
  if (auto taken = take_text(value, name, text); !taken) return taken;
  auto const span = parse_duration(text);
  if (!span) return fail(within(span.error(), "older_than"));
  filter.older_than = *span;
  return {};
}

Result<> take_member(json const& value, std::string_view name, unsigned members, Request& request) {
  bool known = true;
  if (members & filters) {
    auto taken = take_filter(value, name, request, known);
    if (known) return taken;
  }
  if (members & only_id && name == "id") return take_id(value, name, request.filter.id.emplace());
  if (members & paging && name == "after") return take_id(value, name, request.after);
  if (members & (paging | only_most) && name == "most") return take_most(value, request.most);
  if (members & bounces && name == "bounce") return take_flag(value, name, request.bounce);
  if (members & contents && name == "content") return take_flag(value, name, request.content);
  return wrong("`" + std::string(name) + "` is no member of this request");
}

bool filtered(queue::Filter const& filter) {
  return filter.id || !filter.sender.empty() || !filter.recipient.empty() ||
         !filter.domain.empty() || filter.held || filter.older_than;
}

Result<> check(Row const& row, Request const& request) {
  if (row.members & only_id && !request.filter.id) return wrong("`id` is missing");
  bool const some = filtered(request.filter);
  if (request.all && some) return wrong("`all` and a filter exclude each other");
  if (row.careful && !some && !request.all)
    return wrong("no filter: say `all` where every message is meant");
  return {};
}

std::string line_of(Result<std::string> text) {
  return text ? std::move(*text) + "\n" : format_error(text.error());
}

/// What is answered at once.
Result<std::string> tell(Request const& request, Operations& operations) {
  switch (request.what) {
    case Do::status: return format_status(operations.status());
    case Do::stop: operations.stop(); return std::string("{}");
    case Do::metrics: return format_metrics(operations.metrics(Exposition::prometheus));
    case Do::queue_list:
      return format_entries(operations.list(request.filter, request.after, request.most));
    case Do::queue_stats: return format_stats(operations.stats(request.most));
    default: break;
  }
  auto const entry = operations.show(*request.filter.id);
  if (!entry) return fail(entry.error());
  return format_entry(*entry, nullptr);
}

/// As it stands now: while its content is read, and both are formatted, nobody may look at the
/// queue. On the loop that would take most of a second where a message is large.
void show_content(queue::ItemId id, Operations& operations, Say say) {
  auto entry = operations.show(id);
  if (!entry) return say(format_error(entry.error()));
  auto make = [entry = std::move(*entry)](Result<queue::Content> const& content) {
    if (!content) return format_error(content.error());
    return line_of(format_entry(entry, *content));
  };
  operations.content(id, std::move(make), std::move(say));
}

void carry_out(Request const& request, Operations& operations, Say say) {
  auto const counted = [&] { return [say](std::size_t sum) { say(format_count(sum) + "\n"); }; };
  switch (request.what) {
    case Do::reload:
      return operations.reload(
          [say](conf::Problems const& problems) { say(format_problems(problems) + "\n"); });
    case Do::queue_flush: return operations.flush(request.filter, counted());
    case Do::queue_hold: return operations.hold(request.filter, counted());
    case Do::queue_release: return operations.release(request.filter, counted());
    case Do::queue_remove: return operations.remove(request.filter, request.bounce, counted());
    case Do::queue_show:
      if (request.content) return show_content(*request.filter.id, operations, std::move(say));
      [[fallthrough]];
    default: say(line_of(tell(request, operations)));
  }
}

}  // namespace

Result<Request> parse_request(std::string_view line) {
  auto const question = json::parse(line, nullptr, false);
  if (!question.is_object()) return wrong("the line is no JSON object");
  auto const word = question.find("do");
  if (word == question.end() || !word->is_string()) return wrong("`do` is missing");
  Row const* row = nullptr;
  for (auto const& one : rows)
    if (word->get_ref<std::string const&>() == one.word) row = &one;
  if (row == nullptr) return wrong("`do` asks for what there is not");
  Request request;
  request.what = row->what;
  for (auto const& [name, value] : question.items()) {
    if (name == "do") continue;
    if (auto taken = take_member(value, name, row->members, request); !taken)
      return fail(taken.error());
  }
  if (auto right = check(*row, request); !right) return fail(right.error());
  return request;
}

std::string format(Request const& request) {
  auto const& row = row_of(request.what);
  nlohmann::ordered_json out;
  out["do"] = row.word;
  auto const& filter = request.filter;
  if (filter.id) out["id"] = queue::format_id(*filter.id);
  if (!filter.sender.empty()) out["sender"] = filter.sender;
  if (!filter.recipient.empty()) out["recipient"] = filter.recipient;
  if (!filter.domain.empty()) out["domain"] = filter.domain;
  if (filter.held) out["held"] = *filter.held;
  if (filter.older_than) out["older_than"] = format(*filter.older_than);
  if (request.all) out["all"] = true;
  if (request.after != 0) out["after"] = queue::format_id(request.after);
  if (row.members & (paging | only_most)) out["most"] = request.most;
  if (request.bounce) out["bounce"] = true;
  if (request.content) out["content"] = true;
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

void answer(std::string_view line, Operations& operations, Say say) {
  auto const request = parse_request(line);
  if (!request) return say(format_error(request.error()));
  carry_out(*request, operations, std::move(say));
}

RequestLines::RequestLines(Operations& operations, Say say)
    : operations_(operations), say_(std::move(say)), self_(std::make_shared<RequestLines*>(this)) {}

void RequestLines::receive(std::string_view octets) {
  if (over_) return;
  kept_.append(octets);
  take_lines();
  if (busy_ && kept_.size() > most_waiting) refuse("more waits than is taken behind a request");
}

void RequestLines::take_lines() {
  taking_ = true;
  while (!busy_ && !over_ && take_line()) continue;
  taking_ = false;
  kept_.erase(0, std::exchange(start_, 0));
}

/// false: more octets must come.
bool RequestLines::take_line() {
  auto const end = std::min(kept_.find('\n', start_), kept_.size());
  if (end - start_ > most_request)
    refuse("the line is longer than " + std::to_string(most_request) + " octets");
  if (over_ || end == kept_.size()) return false;
  auto const line = kept_.substr(start_, end - start_);
  start_ = end + 1;
  busy_ = true;
  answer(line, operations_, [weak = std::weak_ptr(self_)](std::string text) {
    if (auto const self = weak.lock()) (*self)->answered(std::move(text));
  });
  return true;
}

void RequestLines::answered(std::string text) {
  busy_ = false;
  if (over_) return;
  say_(std::move(text));
  if (!taking_) take_lines();
}

void RequestLines::refuse(std::string what) {
  over_ = true;
  say_(format_error({ErrorCode::invalid, std::move(what)}));
}

}  // namespace mailstack::control
