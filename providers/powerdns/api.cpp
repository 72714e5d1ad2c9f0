#include "providers/powerdns/api.hpp"

#include "core/retry_after/retry_after.hpp"
#include "providers/powerdns/convert.hpp"

namespace mailstack::powerdns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int attempts = 5;
constexpr seconds longest_wait{60};
constexpr milliseconds read_timeout{30'000};
// A database behind the server writes each RRset with several statements.
constexpr milliseconds write_timeout{120'000};

bool worth_another_try(int status) { return status == 429 || (status >= 500 && status <= 599); }

}  // namespace

Api::Api(Account account, Http& http, Clock& clock)
    : account_(std::move(account)), http_(http), clock_(clock) {
  while (account_.url.ends_with('/')) account_.url.pop_back();
  base_ = account_.url + "/api/v1/servers/" + account_.server + "/zones/";
}

Result<HttpResponse> Api::send(HttpRequest request) {
  request.headers.emplace_back("Accept", "application/json");
  request.secret_headers.emplace_back("X-API-Key", account_.key);
  milliseconds wait{500};
  for (int attempt = 1;; ++attempt, wait *= 2) {
    auto response = http_.send(request);
    if (!response || !worth_another_try(response->status)) return response;
    auto const asked = parse_retry_after(*response, clock_.now());
    if (attempt == attempts || (asked && *asked > longest_wait)) {
      std::string what = request.method + " " + request.url + ": " +
                         std::to_string(response->status) + " " + parse_error(response->body);
      if (attempt == attempts) what += "; " + std::to_string(attempts) + " attempts";
      if (asked) what += "; it asks to wait " + std::to_string(asked->count()) + " s";
      return fail(ErrorCode::unavailable, what + "; run again later");
    }
    clock_.sleep(asked ? milliseconds(*asked) : wait);
  }
}

Error Api::error_of(HttpResponse const& response, dns::Name const& zone) const {
  auto const said = std::to_string(response.status) + " " + parse_error(response.body);
  switch (response.status) {
    case 401:
    case 403:
      return {ErrorCode::denied,
              said + " from " + account_.url +
                  ": it does not take our API key; compare the provider's `key` with `api-key` in "
                  "its pdns.conf, and see that `webserver-allow-from` holds this machine"};
    case 404:
      return {ErrorCode::not_found, "PowerDNS at " + account_.url + " has no zone " +
                                        zone.display() + " (or no server `" + account_.server +
                                        "`); create it: pdnsutil create-zone " + zone.display()};
    case 422: return {ErrorCode::invalid, parse_error(response.body)};
    default:
      return {ErrorCode::unavailable,
              said + " from " + account_.url + "; is this the URL of PowerDNS's API?"};
  }
}

Result<std::string> Api::get_zone(dns::Name const& zone) {
  HttpRequest request;
  request.url = base_ + format_zone_id(zone);
  request.timeout = read_timeout;
  auto response = send(std::move(request));
  if (!response) return fail(response.error());
  if (response->status != 200) return fail(error_of(*response, zone));
  return std::move(response->body);
}

tl::expected<void, Api::Refusal> Api::patch_zone(dns::Name const& zone, std::string const& body) {
  HttpRequest request;
  request.method = "PATCH";
  request.url = base_ + format_zone_id(zone);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.timeout = write_timeout;
  auto const response = send(std::move(request));
  if (!response) return tl::unexpected(Refusal{response.error(), false});
  if (response->status == 200 || response->status == 204) return {};
  // PowerDNS says 400 to a body over webserver-max-bodysize, a proxy in front of it 413.
  bool const too_large = response->status == 400 || response->status == 413;
  return tl::unexpected(Refusal{error_of(*response, zone), too_large});
}

}  // namespace mailstack::powerdns
