#pragma once
/// \file
/// The adapter of Http to libcurl.

#include <memory>
#include <string>

#include "core/http.hpp"

namespace mailstack::world {

/// Sends requests over connections that stay open: a request takes an idle connection of its origin
/// where there is one, so requests in a row share one, and requests at once have one each. libcurl
/// is set up by the first send(), so a command that asks nobody does not pay for it.
///
/// HTTP and HTTPS only, TLS 1.2 or later, no redirects, no user or password in a URL, no proxy
/// towards this machine itself. No verbose mode exists: secret headers are seen by the server only,
/// and our copies are overwritten after each request. A body over 256 MiB is refused.
class CurlHttp final : public Http {
 public:
  /// `agent` is the User-Agent. `ca_file` holds the certificates (PEM) that servers are trusted by;
  /// empty: this machine's store.
  explicit CurlHttp(std::string agent = "mailstack", std::string ca_file = {});
  ~CurlHttp() override;
  CurlHttp(CurlHttp const&) = delete;
  CurlHttp& operator=(CurlHttp const&) = delete;

  Result<HttpResponse> send(HttpRequest const& request) override;

 private:
  class Pool;
  std::string agent_;
  std::string ca_file_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace mailstack::world
