#pragma once
/// \file
/// PowerDNS's HTTP API: the requests that we send, and what its statuses mean.

#include <string>

#include "core/clock/clock.hpp"
#include "core/dns/name.hpp"
#include "core/http.hpp"
#include "core/result/result.hpp"

namespace mailstack::powerdns {

/// One PowerDNS server (https://doc.powerdns.com/authoritative/http-api/).
///
/// 429 and 5xx are asked again, at most five times in all: after what Retry-After says where that
/// is at most a minute, else after 0.5, 1, 2 and 4 s. All requests are idempotent: a PATCH says
/// what an RRset should be. No answer at all is not asked again; the next run is.
class Api {
 public:
  struct Account {
    std::string url;     ///< `http://127.0.0.1:8081`
    std::string server;  ///< `localhost`, the only one that PowerDNS itself knows
    Secret<std::string> key;
  };

  Api(Account account, Http& http, Clock& clock);

  /// The body of the zone's listing. Fails with not_found (no such zone), denied (the key, or the
  /// server's list of addresses), unavailable.
  Result<std::string> get_zone(dns::Name const& zone);

  /// Sends one PATCH. Fails as get_zone() does, with invalid in the server's words for 422, and
  /// with too_large set where the server refused the body as such.
  struct Refusal {
    Error error;
    bool too_large = false;
  };
  tl::expected<void, Refusal> patch_zone(dns::Name const& zone, std::string const& body);

 private:
  Result<HttpResponse> send(HttpRequest request);
  [[nodiscard]] Error error_of(HttpResponse const& response, dns::Name const& zone) const;

  Account account_;
  std::string base_;  ///< up to and with `/zones/`
  Http& http_;
  Clock& clock_;
};

}  // namespace mailstack::powerdns
