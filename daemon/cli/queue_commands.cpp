#include "daemon/cli/queue_commands.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "core/base64/base64.hpp"
#include "core/files/working_directory.hpp"
#include "daemon/cli/shown_answers.hpp"
#include "daemon/conf/control_socket.hpp"
#include "daemon/control/requests.hpp"
#include "daemon/control/shown.hpp"

namespace mailstack::daemon_cli {

namespace {

using control::Request;
using nlohmann::json;
using Do = Request::Do;

constexpr std::size_t default_destinations = 20;

/// What a command came to: an answer, or the code to end with.
using Answer = tl::expected<json, ExitCode>;

/// What goes through a long queue, or waits for a disk, is slow where nothing is wrong.
std::chrono::seconds patience(Do what) {
  switch (what) {
    case Do::reload:
    case Do::queue_flush:
    case Do::queue_hold:
    case Do::queue_release:
    case Do::queue_remove: return std::chrono::minutes(10);
    default: return std::chrono::minutes(1);
  }
}

class Talk {
 public:
  Talk(Options const& options, Doors const& doors) : options_(options), doors_(doors) {}

  ExitCode run();

 private:
  ExitCode complain(ExitCode code, std::string const& what) const {
    doors_.err << "mailstackd: " << control::clause(what) << "\n";
    return code;
  }

  Result<std::string> socket() const {
    if (!options_.socket.empty()) return files::from(doors_.working_directory, options_.socket);
    if (options_.directory.empty()) return default_socket;
    auto found =
        conf::find_control_socket(files::from(doors_.working_directory, options_.directory));
    if (found.problems.empty()) return found.path;
    auto const more = found.problems.size() - 1;
    auto const why = conf::format(found.problems.front()) +
                     (more == 0 ? "" : " (and " + std::to_string(more) + " more)");
    if (found.path.empty())
      return fail(ErrorCode::invalid, why + "; where the daemon runs all the same: --socket PATH");
    doors_.err << "mailstackd: " << control::clause(why)
               << "\nmailstackd: as far as that can be read, "
               << "the control socket is " << found.path << "; --socket PATH names another\n";
    return found.path;
  }

  Answer ask(Request const& request) const;
  Result<Request> request(Do what) const;
  ExitCode list(Request request) const;
  std::size_t show_page(json const& page, bool first) const;
  [[nodiscard]] bool filtered() const;
  Result<> check_selection(Do what) const;
  ExitCode show(Request const& request) const;
  ExitCode explain_nothing(queue::ItemId id) const;
  Result<std::vector<Request>> changes(Request request) const;
  ExitCode change(Request request) const;
  ExitCode plain(Request const& request) const;

  Options const& options_;
  Doors const& doors_;
  std::string socket_;
};

Answer Talk::ask(Request const& request) const {
  auto const text = doors_.ask(socket_, control::format(request), patience(request.what));
  if (!text) return tl::unexpected(complain(ExitCode::unreachable, text.error().what));
  auto answer = json::parse(*text, nullptr, false);
  if (!answer.is_object())
    return tl::unexpected(
        complain(ExitCode::error, "what answers on " + socket_ + " is no mailstackd"));
  auto const error = answer.find("error");
  if (error == answer.end()) return answer;
  auto const part = [&](char const* name) {
    return error->is_object() ? error->value(name, "") : "";
  };
  return tl::unexpected(
      complain(part("code") == "invalid" ? ExitCode::invalid : ExitCode::error, part("what")));
}

Result<Request> Talk::request(Do what) const {
  Request request;
  request.what = what;
  request.filter.sender = options_.sender;
  request.filter.recipient = options_.recipient;
  request.filter.domain = options_.domain;
  if (options_.held && options_.not_held)
    return fail(ErrorCode::invalid, "--held and --not-held exclude each other");
  if (options_.held || options_.not_held) request.filter.held = options_.held;
  if (!options_.older_than.empty()) {
    auto const span = parse_duration(options_.older_than);
    if (!span) return fail(within(span.error(), "--older-than"));
    request.filter.older_than = *span;
  }
  request.all = options_.all;
  request.bounce = options_.bounce;
  request.content = options_.content;
  return request;
}

/// How many messages that were.
std::size_t Talk::show_page(json const& page, bool first) const {
  auto const messages = page.value("messages", json::array());
  if (!options_.json) {
    doors_.out << show_messages(page.dump(), doors_.now());
    return messages.size();
  }
  for (auto const& message : messages) {
    doors_.out << (first ? "\n" : ",\n")
               << message.dump(-1, ' ', false, json::error_handler_t::replace);
    first = false;
  }
  return messages.size();
}

/// Page after page, so that neither side holds a large queue in memory.
ExitCode Talk::list(Request request) const {
  std::size_t shown = 0;
  for (bool first = true;; first = false) {
    auto const left = options_.most == 0 ? control::most_listed : options_.most - shown;
    request.most = std::min(left, control::most_listed);
    auto const page = ask(request);
    if (!page) return page.error();
    if (first && options_.json) doors_.out << R"({"messages":[)";
    shown += show_page(*page, shown == 0);
    auto const next = page->value("next", "");
    if (next.empty() || (options_.most != 0 && shown >= options_.most)) break;
    auto const id = queue::parse_id(next);
    if (!id || *id <= request.after) return complain(ExitCode::error, "the list does not go on");
    request.after = *id;
  }
  if (options_.json)
    doors_.out << "\n]}\n";
  else if (shown == 0)
    doors_.out << "no messages\n";
  return ExitCode::done;
}

ExitCode Talk::show(Request const& request) const {
  auto const answer = ask(request);
  if (!answer) return answer.error();
  if (options_.json)
    doors_.out << answer->dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
  else if (!options_.content)
    doors_.out << show_message(answer->dump(), doors_.now());
  else if (auto const octets = base64::parse(answer->value("content_base64", "")); octets)
    doors_.out << (octets->empty() ? answer->value("content", "") : *octets);
  return ExitCode::done;
}

bool Talk::filtered() const {
  return !options_.sender.empty() || !options_.recipient.empty() || !options_.domain.empty() ||
         !options_.older_than.empty() || options_.held || options_.not_held;
}

/// As the daemon would; but in the words of this command line.
Result<> Talk::check_selection(Do what) const {
  auto const wrong = [](std::string why) { return fail(ErrorCode::invalid, std::move(why)); };
  bool const some = filtered();
  if (!options_.ids.empty()) {
    if (some || options_.all) return wrong("ids and filters exclude each other");
    return {};
  }
  if (options_.all && some) return wrong("--all and filters exclude each other");
  if (what != Do::queue_flush && !some && !options_.all)
    return wrong(options_.command + " needs ids or a filter; where every message is meant, --all");
  return {};
}

/// An operation on `id` has changed nothing. Only where there is no such message has it failed.
ExitCode Talk::explain_nothing(queue::ItemId id) const {
  Request request;
  request.what = Do::queue_list;
  request.filter.id = id;
  auto const answer = ask(request);
  if (!answer) return answer.error();
  auto const messages = answer->value("messages", json::array());
  auto const text = queue::format_id(id) + ": ";
  if (messages.empty()) return complain(ExitCode::error, text + "no such message in the queue");
  return complain(ExitCode::done,
                  text + "nothing to do, it is " + messages.front().value("state", "there"));
}

/// A request for each id, or one with the filters. All are read before anything is changed.
Result<std::vector<Request>> Talk::changes(Request request) const {
  if (auto const right = check_selection(request.what); !right) return fail(right.error());
  std::vector<Request> all;
  for (auto const& text : options_.ids) {
    auto const id = queue::parse_id(text);
    if (!id) return fail(id.error());
    request.filter.id = *id;
    all.push_back(request);
  }
  if (all.empty()) all.push_back(std::move(request));
  return all;
}

ExitCode Talk::change(Request request) const {
  auto const requests = changes(std::move(request));
  if (!requests) return complain(ExitCode::invalid, requests.error().what);
  std::size_t count = 0;
  auto code = ExitCode::done;
  for (auto const& one : *requests) {
    auto const answer = ask(one);
    if (!answer) return answer.error();
    auto const changed = answer->value("count", std::size_t{0});
    count += changed;
    if (changed > 0 || !one.filter.id) continue;
    if (auto const why = explain_nothing(*one.filter.id); why != ExitCode::done) code = why;
  }
  if (options_.json)
    doors_.out << json{{"count", count}}.dump() << "\n";
  else
    doors_.out << count << (count == 1 ? " message\n" : " messages\n");
  return code;
}

ExitCode Talk::plain(Request const& request) const {
  auto const answer = ask(request);
  if (!answer) return answer.error();
  auto const text = answer->dump(-1, ' ', false, json::error_handler_t::replace);
  if (request.what == Do::metrics && !options_.json)
    doors_.out << answer->value("metrics", "");
  else if (options_.json)
    doors_.out << text << "\n";
  else if (request.what == Do::status)
    doors_.out << show_status(text, doors_.now());
  else if (request.what == Do::queue_stats)
    doors_.out << show_stats(text, doors_.now());
  else if (request.what == Do::reload)
    doors_.out << show_problems(text);
  else if (request.what == Do::stop)
    doors_.out << "stopping; `mailstackd status` answers until it has ended\n";
  if (request.what != Do::reload) return ExitCode::done;
  auto const problems = answer->value("problems", json::array());
  bool const bad = std::any_of(problems.begin(), problems.end(), [](json const& one) {
    return !one.is_object() || one.value("severity", "") != "warning";
  });
  return bad ? ExitCode::invalid : ExitCode::done;
}

ExitCode Talk::run() {
  auto path = socket();
  if (!path) return complain(ExitCode::invalid, path.error().what);
  socket_ = *path;
  constexpr std::pair<char const*, Do> words[] = {{"status", Do::status},
                                                  {"reload", Do::reload},
                                                  {"stop", Do::stop},
                                                  {"metrics", Do::metrics},
                                                  {"queue list", Do::queue_list},
                                                  {"queue show", Do::queue_show},
                                                  {"queue flush", Do::queue_flush},
                                                  {"queue hold", Do::queue_hold},
                                                  {"queue release", Do::queue_release},
                                                  {"queue remove", Do::queue_remove},
                                                  {"queue stats", Do::queue_stats}};
  auto const* const word = std::find_if(std::begin(words), std::end(words), [&](auto const& one) {
    return options_.command == one.first;
  });
  if (word == std::end(words)) return complain(ExitCode::invalid, "no such command");
  auto asked = request(word->second);
  if (!asked) return complain(ExitCode::invalid, asked.error().what);
  switch (asked->what) {
    case Do::queue_list: return list(*asked);
    case Do::queue_show: {
      auto const id = queue::parse_id(options_.ids.empty() ? "" : options_.ids.front());
      if (!id) return complain(ExitCode::invalid, id.error().what);
      asked->filter.id = *id;
      return show(*asked);
    }
    case Do::queue_stats:
      asked->most = options_.most == 0 ? default_destinations : options_.most;
      return plain(*asked);
    case Do::status:
    case Do::reload:
    case Do::stop:
    case Do::metrics: return plain(*asked);
    default: return change(*asked);
  }
}

}  // namespace

ExitCode ask_daemon(Options const& options, Doors const& doors) {
  return Talk(options, doors).run();
}

}  // namespace mailstack::daemon_cli
