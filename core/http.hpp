#pragma once
/// \file
/// The door to HTTP as core and the providers see it. The adapter is reconciler/world/http.

#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack {

/// `http://127.0.0.1:8081` of a URL: scheme, host and port, which say who gets what is sent there.
inline std::string origin_of(std::string const& url) {
  auto const scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< absolute; never holds a credential
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, Secret<std::string>>>
      secret_headers;  ///< for example X-API-Key
  std::string body;
  std::chrono::milliseconds timeout{30'000};  ///< for the whole exchange
  std::stop_token stop = {};                  ///< asked: the exchange is given up at once
};

struct HttpResponse {
  int status = 0;  ///< 100 to 599
  std::vector<std::pair<std::string, std::string>>
      headers;  ///< names in lower case, as received otherwise
  std::string body;

  /// The first value of the header `name` (given in lower case), or nullptr.
  [[nodiscard]] std::string const* header(std::string_view name) const {
    for (auto const& [key, value] : headers)
      if (key == name) return &value;
    return nullptr;
  }
};

/// Sends one request and returns whatever status the server answered.
///
/// Fails only when there is no complete answer: unavailable for a refused connection, a name that
/// does not resolve, a timeout, a body that ended early or a stop that was asked; denied for a
/// certificate that does not verify; invalid for a malformed URL. Redirects are not followed: a
/// credential must not travel to another origin. Safe to call from several threads.
class Http {
 public:
  virtual ~Http() = default;
  virtual Result<HttpResponse> send(HttpRequest const& request) = 0;
};

}  // namespace mailstack
