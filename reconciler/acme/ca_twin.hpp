#pragma once
/// \file
/// A CA without a network, for what Pebble never does.

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/http.hpp"

namespace mailstack::acme {

/// Answers as RFC 8555 has it for one order of one name, `example.org`, whose challenge is valid as
/// soon as it is answered; unless instead() says otherwise. Judges nonces, not signatures: a nonce
/// that it did not give, or gave and took, makes problems() grow.
class CaTwin final : public Http {
 public:
  static constexpr char const* origin = "https://ca.example";
  [[nodiscard]] static std::string directory_url() { return std::string(origin) + "/dir"; }

  Result<HttpResponse> send(HttpRequest const& request) override;

  /// The next request for `path` is answered so; the one after it so, if called again. Without a
  /// Replay-Nonce among `headers` one is added, unless `nonce` is false.
  void instead(std::string const& path, HttpResponse response, bool nonce = true);
  /// Every answer to `path` passes through `change`.
  void change(std::string const& path, std::function<void(HttpResponse&)> change);

  std::string certificate;                ///< what /cert answers
  std::string order_status = "pending";   ///< of the one order
  std::string authorization = "pending";  ///< its status
  [[nodiscard]] int count(std::string const& path) const;
  [[nodiscard]] std::vector<std::string> const& problems() const { return problems_; }

 private:
  HttpResponse usual(HttpRequest const& request, std::string const& path);
  void judge_nonce(HttpRequest const& request);
  [[nodiscard]] HttpResponse order(int status) const;
  std::string fresh_nonce();

  struct Instead {
    HttpResponse response;
    bool nonce;
  };
  std::map<std::string, std::deque<Instead>> instead_;
  std::map<std::string, std::function<void(HttpResponse&)>> changes_;
  std::map<std::string, int> counts_;
  std::set<std::string> nonces_;
  int nonce_ = 0;
  std::vector<std::string> problems_;
};

/// A problem document of ACME's type `type`.
HttpResponse problem_answer(int status, std::string const& type, std::string const& detail,
                            std::vector<std::pair<std::string, std::string>> headers = {});

}  // namespace mailstack::acme
