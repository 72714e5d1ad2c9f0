#include <nlohmann/json.hpp>

#include "core/json_text/json_text.hpp"
#include "core/mail/srs/srs.hpp"

namespace mailstack::mail::srs {

namespace {

using nlohmann::json;

/// The text of a member; empty where it is not there or no text.
std::string text_of(json const& question, char const* name) {
  auto const found = question.find(name);
  return found != question.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<TimePoint> time_of(json const& question) {
  auto const now = question.find("now");
  if (now != question.end() && now->is_number()) {
    // 2^40 seconds are 34,000 years, and far from what a day can overflow.
    auto const seconds = now->get<double>();
    if (seconds >= 0 && seconds < 1e12)
      return TimePoint(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
  } else if (now != question.end() && now->is_string()) {
    return parse_time(now->get<std::string>());
  }
  return fail(ErrorCode::invalid, "`now` is no time: seconds since 1970 are meant");
}

Result<std::string> answer_to(json const& question, std::string const& secret,
                              std::string const& domain) {
  if (!question.is_object()) return fail(ErrorCode::invalid, "the line is no JSON object");
  auto const now = time_of(question);
  if (!now) return fail(now.error());
  auto const path = parse_path(text_of(question, "address"));
  if (!path) return fail(within(path.error(), "address"));
  Secrets const secrets{Secret<std::string>(secret)};
  auto const op = text_of(question, "op");
  Result<Path> done = fail(ErrorCode::invalid, "`op` is neither forward nor reverse");
  if (op == "forward") done = forward(*path, domain, secrets, *now);
  if (op == "reverse") {
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
