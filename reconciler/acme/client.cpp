#include "reconciler/acme/client.hpp"

#include <algorithm>

#include "core/base64/base64.hpp"
#include "core/json_text/json_text.hpp"
#include "core/retry_after/retry_after.hpp"
#include "reconciler/acme/chain.hpp"
#include "reconciler/acme/jws.hpp"

namespace mailstack::acme {
namespace {

using std::chrono::milliseconds;

constexpr int attempts = 5;
constexpr int nonce_attempts = 12;
constexpr Duration longest_wait{60};
constexpr std::size_t most_nonces = 8;
constexpr std::string_view bad_nonce = "badNonce";

tl::unexpected<Refusal> refuse(Error error) {
  return tl::unexpected(Refusal{std::move(error), {}, 0});
}
tl::unexpected<Refusal> refuse(ErrorCode code, std::string what) {
  return refuse(Error{code, std::move(what)});
}

bool good(int status) { return status >= 200 && status <= 299; }
bool busy(int status) { return status == 429 || (status >= 500 && status <= 599); }

/// A problem document, whatever it calls itself; none where the body is something else.
std::optional<Problem> problem_of(HttpResponse const& response) {
  auto problem = parse_problem(response.body);
  if (!problem || (problem->type.empty() && problem->detail.empty())) return std::nullopt;
  return std::move(*problem);
}

bool is_bad_nonce(HttpResponse const& response) {
  if (response.status != 400) return false;
  auto const problem = problem_of(response);
  return problem && problem->type == bad_nonce;
}

std::optional<TimePoint> not_before(HttpResponse const& response, TimePoint now) {
  auto const wait = parse_retry_after(response, now);
  return wait ? std::optional(now + *wait) : std::nullopt;
}

/// The URL that newAccount and newOrder give (RFC 8555 7.3, 7.4).
std::optional<std::string> location_of(HttpResponse const& response) {
  auto const* const location = response.header("location");
  return location && is_url(*location) ? std::optional(*location) : std::nullopt;
}

tl::unexpected<Refusal> no_location(std::string const& url) {
  return refuse(ErrorCode::unavailable,
                url + ": the answer has no Location with https; is this an ACME server?");
}

}  // namespace

Client::Client(std::string directory_url, AccountKey key, std::string account_url, Http& http,
               Clock& clock)
    : directory_url_(std::move(directory_url)),
      key_(std::move(key)),
      account_url_(std::move(account_url)),
      http_(http),
      clock_(clock) {}

Refusal Client::refusal_of(HttpResponse const& response, std::string const& url) const {
  auto const said = url + ": " + std::to_string(response.status);
  auto const until = not_before(response, clock_.now());
  if (response.status >= 300 && response.status <= 399) {
    auto const* const to = response.header("location");
    return {{ErrorCode::invalid, said + ": the server redirects" +
                                     (to ? " to " + shown(*to) : std::string()) +
                                     "; set the URL of the CA's directory to where it is"},
            {},
            response.status};
  }
  if (auto const problem = problem_of(response))
    return {within(error_of(*problem, until, About::request), said), problem->type,
            response.status};
  auto what = said + " without a problem document: `" +
              shown(std::string_view(response.body).substr(0, 80)) + "`";
  if (until) what += "; not before " + format(*until);
  bool const elsewhere = response.status == 404 || response.status == 405;
  what += busy(response.status) ? "; run again later" : "; is this the URL of an ACME directory?";
  return {{elsewhere ? ErrorCode::not_found : ErrorCode::unavailable, std::move(what)},
          {},
          response.status};
}

void Client::keep_nonce(HttpResponse const& response) {
  auto const* const nonce = response.header("replay-nonce");
  // RFC 8555 6.5.1: one that is not base64url must be ignored.
  if (!nonce || !is_base64url(*nonce)) return;
  if (nonces_.size() == most_nonces) nonces_.erase(nonces_.begin());
  nonces_.push_back(*nonce);
}

Answered<HttpResponse> Client::exchange(std::function<Answered<HttpRequest>()> const& prepare) {
  milliseconds wait{500};
  int nonces_refused = 0;
  for (int attempt = 1;;) {
    auto const request = prepare();
    if (!request) return tl::unexpected(request.error());
    auto response = http_.send(*request);
    if (!response) return refuse(response.error());
    keep_nonce(*response);
    if (good(response->status)) return std::move(*response);
    if (is_bad_nonce(*response) && ++nonces_refused < nonce_attempts) continue;
    auto refusal = refusal_of(*response, request->url);
    auto const asked = parse_retry_after(*response, clock_.now());
    bool const wait_helps = busy(response->status) && attempt < attempts &&
                            (asked ? *asked <= longest_wait : response->status != 429);
    if (!wait_helps) return tl::unexpected(std::move(refusal));
    clock_.sleep(asked ? milliseconds(*asked) : wait);
    ++attempt;
    wait *= 2;
  }
}

Answered<Directory> Client::directory() {
  if (directory_) return *directory_;
  if (!is_url(directory_url_))
    return refuse(
        ErrorCode::invalid,
        "`" + shown(directory_url_) + "` is no URL of a CA's directory; it starts with https://");
  auto const response = exchange([this] {
    HttpRequest request;
    request.url = directory_url_;
    request.headers.emplace_back("Accept", "application/json");
    return request;
  });
  if (!response) return tl::unexpected(response.error());
  auto parsed = parse_directory(response->body);
  if (!parsed) return refuse(within(parsed.error(), directory_url_));
  directory_ = std::move(*parsed);
  return *directory_;
}

Answered<std::string> Client::nonce() {
  if (nonces_.empty()) {
    auto const known = directory();
    if (!known) return tl::unexpected(known.error());
    auto const response = exchange([&] {
      HttpRequest request;
      request.method = "HEAD";
      request.url = known->new_nonce;
      return request;
    });
    if (!response) return tl::unexpected(response.error());
    if (nonces_.empty())
      return refuse(ErrorCode::unavailable,
                    known->new_nonce + ": the answer has no Replay-Nonce; is this an ACME server?");
  }
  auto newest = std::move(nonces_.back());
  nonces_.pop_back();
  return newest;
}

Answered<HttpResponse> Client::post(std::string const& url, std::string const& payload,
                                    Signer signer, std::string_view accept) {
  return exchange([&]() -> Answered<HttpRequest> {
    auto const fresh = nonce();
    if (!fresh) return tl::unexpected(fresh.error());
    auto body = format_jws(key_, signer == Signer::key ? std::string_view() : account_url_, *fresh,
                           url, payload);
    if (!body) return refuse(body.error());
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers.emplace_back("Content-Type", "application/jose+json");
    request.headers.emplace_back("Accept", accept);
    request.body = std::move(*body);
    return request;
  });
}

template <class T>
Answered<Seen<T>> Client::seen(Answered<HttpResponse> const& response, std::string const& url,
                               Result<T> (*parse)(std::string_view)) const {
  if (!response) return tl::unexpected(response.error());
  auto value = parse(response->body);
  if (!value) return refuse(within(value.error(), url));
  return Seen<T>{std::move(*value), not_before(*response, clock_.now())};
}

Answered<std::string> Client::new_account(std::string const& payload) {
  auto const known = directory();
  if (!known) return tl::unexpected(known.error());
  auto const response = post(known->new_account, payload, Signer::key);
  if (!response) return tl::unexpected(response.error());
  auto const status = parse_account_status(response->body);
  if (!status) return refuse(within(status.error(), known->new_account));
  if (*status != "valid")
    return refuse(ErrorCode::denied,
                  "the CA's account of this key is " + *status + "; make a new account key");
  auto const location = location_of(*response);
  if (!location) return no_location(known->new_account);
  account_url_ = *location;
  return account_url_;
}

Answered<std::string> Client::register_account(std::string const& contact, bool terms_agreed) {
  auto const known = directory();
  if (!known) return tl::unexpected(known.error());
  if (!known->terms_of_service.empty() && !terms_agreed)
    return refuse(ErrorCode::denied,
                  "the CA wants its terms of service agreed to: " + known->terms_of_service);
  // RFC 8555 7.3.4.
  if (known->external_account_required)
    return refuse(error_of(Problem{"externalAccountRequired", {}, 0, {}, {}, {}}));
  std::string payload;
  json_text::Object account(payload);
  if (terms_agreed) {
    account.key("termsOfServiceAgreed");
    payload += "true";
  }
  if (!contact.empty()) {
    account.key("contact");
    payload += '[';
    json_text::append_string(payload, "mailto:" + contact);
    payload += ']';
  }
  account.end();
  return new_account(payload);
}

Answered<std::string> Client::find_account() {
  return new_account(R"({"onlyReturnExisting":true})");
}

Answered<NewOrder> Client::new_order(std::span<std::string const> names) {
  auto const known = directory();
  if (!known) return tl::unexpected(known.error());
  std::string payload = R"({"identifiers":[)";
  for (auto const& name : names) {
    if (&name != names.data()) payload += ',';
    json_text::Object identifier(payload);
    identifier.add("type", "dns");
    identifier.add("value", name);
    identifier.end();
  }
  payload += "]}";
  auto const response = post(known->new_order, payload);
  auto order = seen(response, known->new_order, parse_order);
  if (!order) return tl::unexpected(order.error());
  auto const location = location_of(*response);
  if (!location) return no_location(known->new_order);
  return NewOrder{*location, std::move(*order)};
}

Answered<Seen<Order>> Client::order(std::string const& url) {
  return seen(post(url, {}), url, parse_order);
}

Answered<Seen<Authorization>> Client::authorization(std::string const& url) {
  return seen(post(url, {}), url, parse_authorization);
}

Answered<Seen<Challenge>> Client::answer(std::string const& url) {
  return seen(post(url, "{}"), url, parse_challenge);
}

Answered<Seen<Order>> Client::finalize(std::string const& url, std::string_view csr_der) {
  std::string payload;
  json_text::Object request(payload);
  request.add("csr", base64::format_url(csr_der));
  request.end();
  return seen(post(url, payload), url, parse_order);
}

Answered<std::string> Client::download(std::string const& url) {
  auto const response = post(url, {}, Signer::account, "application/pem-certificate-chain");
  if (!response) return tl::unexpected(response.error());
  auto chain = parse_chain(response->body);
  if (!chain) return refuse(within(chain.error(), url));
  return std::move(*chain);
}

}  // namespace mailstack::acme
