#include "reconciler/acme/messages.hpp"

#include <simdjson.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

namespace mailstack::acme {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t longest_document = std::size_t{1} << 20U;
constexpr std::size_t deepest = 16;
constexpr std::size_t most_names = 1000;
constexpr std::size_t longest_shown = 500;
constexpr std::string_view acme_namespace = "urn:ietf:params:acme:error:";

tl::unexpected<Error> odd(std::string what) {
  return fail(ErrorCode::unavailable, std::move(what) + "; is this an ACME server?");
}
tl::unexpected<Error> odd_member(std::string_view name) {
  return odd("the answer's member `" + std::string(name) + "` is missing or not as it should be");
}

/// One JSON document; what is taken from it lives as long as it does.
class Document {
 public:
  static Result<Document> parse(std::string_view json) {
    Document document;
    if (json.size() > longest_document) return odd("the answer is larger than 1 MiB");
    auto& parser = *document.parser_;
    if (parser.allocate(std::max<std::size_t>(json.size(), 64), deepest) != simdjson::SUCCESS ||
        parser.parse(json.data(), json.size()).get(document.object_) != simdjson::SUCCESS)
      return odd("the answer is no JSON object: " + shown(json.substr(0, 60)));
    return document;
  }
  [[nodiscard]] dom::object const& object() const { return object_; }

 private:
  // On the heap: the object points into it, and a Document moves.
  std::unique_ptr<dom::parser> parser_ = std::make_unique<dom::parser>();
  dom::object object_;
};

std::string_view text_of(dom::object const& object, std::string_view name) {
  std::string_view text;
  return object.at_key(name).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

/// A URL that must be there.
Result<std::string> url_of(dom::object const& object, std::string_view name) {
  auto const text = text_of(object, name);
  if (!is_url(text)) return odd_member(name);
  return std::string(text);
}

bool flag_of(dom::object const& object, std::string_view name) {
  bool flag = false;
  return object.at_key(name).get(flag) == simdjson::SUCCESS && flag;
}

/// The items of a list that must be there; `none` may be missing.
Result<std::vector<dom::element>> list_of(dom::object const& object, std::string_view name) {
  dom::array array;
  if (object.at_key(name).get(array) != simdjson::SUCCESS || array.size() > most_names)
    return odd_member(name);
  return std::vector<dom::element>(array.begin(), array.end());
}

template <class Status, std::size_t count>
using Words = std::array<std::pair<std::string_view, Status>, count>;

template <class Status, std::size_t count>
Result<Status> status_of(dom::object const& object, Words<Status, count> const& words) {
  auto const text = text_of(object, "status");
  for (auto const& [word, status] : words)
    if (word == text) return status;
  return odd_member("status");
}

constexpr Words<OrderStatus, 5> order_words{{{"pending", OrderStatus::pending},
                                             {"ready", OrderStatus::ready},
                                             {"processing", OrderStatus::processing},
                                             {"valid", OrderStatus::valid},
                                             {"invalid", OrderStatus::invalid}}};
constexpr Words<AuthorizationStatus, 6> authorization_words{
    {{"pending", AuthorizationStatus::pending},
     {"valid", AuthorizationStatus::valid},
     {"invalid", AuthorizationStatus::invalid},
     {"deactivated", AuthorizationStatus::deactivated},
     {"expired", AuthorizationStatus::expired},
     {"revoked", AuthorizationStatus::revoked}}};
constexpr Words<ChallengeStatus, 4> challenge_words{{{"pending", ChallengeStatus::pending},
                                                     {"processing", ChallengeStatus::processing},
                                                     {"valid", ChallengeStatus::valid},
                                                     {"invalid", ChallengeStatus::invalid}}};

/// RFC 3339 with any offset and fraction; the fraction is dropped.
std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  constexpr std::size_t to_seconds = 19;
  if (text.size() <= to_seconds || text.size() > 40) return std::nullopt;
  auto const local = parse_time(std::string(text.substr(0, to_seconds)) + "Z");
  text.remove_prefix(to_seconds);
  if (text.starts_with('.')) {
    auto const end = text.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end);
  }
  if (!local || text == "Z") return local ? std::optional(*local) : std::nullopt;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  unsigned hours = 0;
  unsigned minutes = 0;
  auto const whole = [&](std::size_t from, unsigned& number) {
    auto const* const end = text.data() + from + 2;
    return std::from_chars(text.data() + from, end, number).ptr == end;
  };
  if (!whole(1, hours) || !whole(4, minutes) || hours > 23 || minutes > 59) return std::nullopt;
  auto const offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return text[0] == '+' ? *local - offset : *local + offset;
}

/// A name of letters, digits, `-`, `_` and dots in lower case; empty where it is none.
std::string name_of(dom::object const& identifier) {
  std::string name(text_of(identifier, "value"));
  if (text_of(identifier, "type") != "dns" || name.size() > 255) return {};
  for (auto& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    bool const fit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                     c == '.' || c == '*';
    if (!fit) return {};
  }
  return name;
}

Problem problem_of(dom::object const& object, bool with_parts) {
  Problem problem;
  auto type = text_of(object, "type");
  if (type.starts_with(acme_namespace)) type.remove_prefix(acme_namespace.size());
  problem.type = shown(type);
  problem.detail = shown(text_of(object, "detail"));
  if (problem.detail.empty()) problem.detail = shown(text_of(object, "title"));
  if (is_url(text_of(object, "instance"))) problem.instance = text_of(object, "instance");
  std::int64_t status = 0;
  if (object.at_key("status").get(status) == simdjson::SUCCESS && status >= 100 && status <= 599)
    problem.status = static_cast<int>(status);
  dom::object identifier;
  if (object.at_key("identifier").get(identifier) == simdjson::SUCCESS)
    problem.identifier = shown(text_of(identifier, "value"));
  dom::array parts;
  if (!with_parts || object.at_key("subproblems").get(parts) != simdjson::SUCCESS) return problem;
  for (auto const part : parts) {
    dom::object one;
    if (problem.subproblems.size() == most_names) break;
    if (part.get(one) == simdjson::SUCCESS)
      problem.subproblems.push_back(problem_of(one, false));  // RFC 8555 6.7.1: not nested
  }
  return problem;
}

std::optional<Problem> error_member(dom::object const& object) {
  dom::object problem;
  if (object.at_key("error").get(problem) != simdjson::SUCCESS) return std::nullopt;
  return problem_of(problem, true);
}

Result<Challenge> challenge_of(dom::object const& object) {
  Challenge challenge;
  auto url = url_of(object, "url");
  if (!url) return fail(url.error());
  auto const status = status_of(object, challenge_words);
  if (!status) return fail(status.error());
  auto const token = text_of(object, "token");
  if (!is_base64url(token)) return odd_member("token");
  challenge.url = std::move(*url);
  challenge.status = *status;
  challenge.token = token;
  challenge.error = error_member(object);
  return challenge;
}

Result<std::vector<std::string>> names_of(dom::object const& object) {
  auto const identifiers = list_of(object, "identifiers");
  if (!identifiers || identifiers->empty()) return odd_member("identifiers");
  std::vector<std::string> names;
  for (auto const& item : *identifiers) {
    dom::object identifier;
    if (item.get(identifier) != simdjson::SUCCESS) return odd_member("identifiers");
    names.push_back(name_of(identifier));
    if (names.back().empty()) return odd_member("identifiers");
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> urls_of(dom::object const& object, std::string_view name) {
  auto const items = list_of(object, name);
  if (!items) return fail(items.error());
  std::vector<std::string> urls;
  for (auto const& item : *items) {
    std::string_view url;
    if (item.get(url) != simdjson::SUCCESS || !is_url(url)) return odd_member(name);
    urls.emplace_back(url);
  }
  return urls;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string line;
  for (char const c : text) {
    auto const octet = static_cast<unsigned char>(c);
    if (line.size() == longest_shown) {
      line += "...";
      break;
    }
    line += octet < 0x20 || octet == 0x7f ? ' ' : c;
  }
  return line;
}

bool is_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  return text.size() > scheme.size() && text.size() <= 2048 && text.starts_with(scheme) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_base64url(std::string_view text) {
  return !text.empty() && text.size() <= 512 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<Directory> parse_directory(std::string_view json) {
  auto const document = Document::parse(json);
  if (!document) return fail(document.error());
  auto const& object = document->object();
  Directory directory;
  for (auto const& [name, member] : {std::pair("newNonce", &directory.new_nonce),
                                     std::pair("newAccount", &directory.new_account),
                                     std::pair("newOrder", &directory.new_order)}) {
    auto url = url_of(object, name);
    if (!url) return fail(url.error());
    *member = std::move(*url);
  }
  dom::object meta;
  if (object.at_key("meta").get(meta) != simdjson::SUCCESS) return directory;
  directory.terms_of_service = shown(text_of(meta, "termsOfService"));
  directory.external_account_required = flag_of(meta, "externalAccountRequired");
  return directory;
}

Result<Order> parse_order(std::string_view json) {
  auto const document = Document::parse(json);
  if (!document) return fail(document.error());
  auto const& object = document->object();
  Order order;
  auto const status = status_of(object, order_words);
  if (!status) return fail(status.error());
  order.status = *status;
  auto names = names_of(object);
  if (!names) return fail(names.error());
  order.names = std::move(*names);
  auto authorizations = urls_of(object, "authorizations");
  if (!authorizations || authorizations->empty()) return odd_member("authorizations");
  order.authorizations = std::move(*authorizations);
  auto finalize = url_of(object, "finalize");
  if (!finalize) return fail(finalize.error());
  order.finalize = std::move(*finalize);
  if (order.status == OrderStatus::valid) {
    auto certificate = url_of(object, "certificate");
    if (!certificate) return fail(certificate.error());
    order.certificate = std::move(*certificate);
  }
  // Required while the order is pending or valid (RFC 8555 7.1.3); without it nothing expires.
  if (auto const expires = text_of(object, "expires"); !expires.empty()) {
    order.expires = parse_rfc3339(expires);
    if (!order.expires) return odd_member("expires");
  }
  order.error = error_member(object);
  return order;
}

Result<Authorization> parse_authorization(std::string_view json) {
  auto const document = Document::parse(json);
  if (!document) return fail(document.error());
  auto const& object = document->object();
  Authorization authorization;
  auto const status = status_of(object, authorization_words);
  if (!status) return fail(status.error());
  authorization.status = *status;
  dom::object identifier;
  if (object.at_key("identifier").get(identifier) != simdjson::SUCCESS)
    return odd_member("identifier");
  authorization.name = name_of(identifier);
  if (authorization.name.empty()) return odd_member("identifier");
  authorization.wildcard = flag_of(object, "wildcard");
  auto const challenges = list_of(object, "challenges");
  if (!challenges) return fail(challenges.error());
  for (auto const& item : *challenges) {
    dom::object one;
    if (item.get(one) != simdjson::SUCCESS) return odd_member("challenges");
    authorization.offered.push_back(shown(text_of(one, "type")));
    if (authorization.offered.back() != "dns-01") continue;
    auto challenge = challenge_of(one);
    if (!challenge) return fail(challenge.error());
    authorization.dns01 = std::move(*challenge);
  }
  return authorization;
}

Result<Challenge> parse_challenge(std::string_view json) {
  auto const document = Document::parse(json);
  if (!document) return fail(document.error());
  return challenge_of(document->object());
}

Result<std::string> parse_account_status(std::string_view json) {
  auto const document = Document::parse(json);
  if (!document) return fail(document.error());
  auto const status = text_of(document->object(), "status");
  if (status != "valid" && status != "deactivated" && status != "revoked")
    return odd_member("status");
  return std::string(status);
}

Result<Problem> parse_problem(std::string_view json) {
  auto const document = Document::parse(json);
  if (!document) return fail(document.error());
  return problem_of(document->object(), true);
}

}  // namespace mailstack::acme
