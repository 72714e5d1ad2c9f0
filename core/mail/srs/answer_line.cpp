#include <nlohmann/json.hpp>

#include "core/json_text/json_text.hpp"
#include "core/mail/srs/srs.hpp"

namespace mailstack::mail::srs {

namespace {

using nlohmann::json;

Result<std::string> text_of(json const& question, char const* name) {
  auto const found = question.find(name);
  auto const member = "`" + std::string(name) + "`";
  if (found == question.end()) return fail(ErrorCode::invalid, member + " is missing");
  if (!found->is_string()) return fail(ErrorCode::invalid, member + " is no text");
  return found->get<std::string>();
}

/// A number may have a fraction, which does not count.
Result<TimePoint> time_of(json const& question) {
  auto const now = question.find("now");
  if (now == question.end()) return fail(ErrorCode::invalid, "`now` is missing");
  if (now->is_string()) {
    auto const time = parse_moment(now->get<std::string>());
    if (time) return *time;
  } else if (now->is_number()) {
    // 10^12 seconds are 31,000 years, and far from what a day can overflow.
    auto const seconds = now->get<double>();
    if (seconds >= 0 && seconds < 1e12)
      return TimePoint(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
  }
  return fail(ErrorCode::invalid,
              "`now` is no time: seconds since 1970, or a text like 2026-11-26T20:00:00Z");
}

Result<std::string> answer_to(json const& question, std::string const& secret,
                              std::string const& domain) {
  if (!question.is_object()) return fail(ErrorCode::invalid, "the line is no JSON object");
  auto const now = time_of(question);
  if (!now) return fail(now.error());
  auto const op = text_of(question, "op");
  if (!op) return fail(op.error());
  auto const address = text_of(question, "address");
  if (!address) return fail(address.error());
  auto const path = parse_path(*address);
  if (!path) return fail(within(path.error(), "address"));
  Secrets const secrets{Secret<std::string>(secret)};
  Result<Path> done = fail(ErrorCode::invalid, "`op` is neither forward nor reverse");
  if (*op == "forward") done = forward(*path, domain, secrets, *now);
  if (*op == "reverse") {
    auto const ours = parse_path("postmaster@" + domain);
    done = ours && ours->domain == path->domain
               ? reverse(path->local, secrets, *now)
               : fail(ErrorCode::invalid, "not an address of " + domain);
  }
  if (!done) return fail(done.error());
  return done->text();
}

}  // namespace

std::string answer_srs_line(std::string_view line, std::string const& secret,
                            std::string const& domain) {
  auto const question = json::parse(line, nullptr, false);
  auto const answer = answer_to(question, secret, domain);
  std::string out;
  json_text::Object object(out);
  object.key("id");
  out += question.is_object() && question.contains("id")
             ? question["id"].dump(-1, ' ', false, json::error_handler_t::replace)
             : "null";
  if (answer) {
    object.add("address", *answer);
    object.key("reason");
    out += "null";
  } else {
    object.key("address");
    out += "null";
    object.add("reason", answer.error().what);
  }
  object.end();
  return out;
}

}  // namespace mailstack::mail::srs
