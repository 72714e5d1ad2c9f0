#include "reconciler/acme/ca_twin.hpp"

#include "core/base64/base64.hpp"

namespace mailstack::acme {
namespace {

/// The nonce of the protected header of a JWS.
std::string nonce_of(std::string const& jws) {
  constexpr std::string_view protected_mark = R"("protected":")";
  constexpr std::string_view nonce_mark = R"("nonce":")";
  auto from = jws.find(protected_mark);
  if (from == std::string::npos) return {};
  from += protected_mark.size();
  auto text = jws.substr(from, jws.find('"', from) - from);
  for (auto& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  auto const header = base64::parse(text).value_or("");
  from = header.find(nonce_mark);
  if (from == std::string::npos) return {};
  from += nonce_mark.size();
  return header.substr(from, header.find('"', from) - from);
}

HttpResponse json(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, std::move(body)};
}

}  // namespace

HttpResponse problem_answer(int status, std::string const& type, std::string const& detail,
                            std::vector<std::pair<std::string, std::string>> headers) {
  headers.emplace_back("content-type", "application/problem+json");
  return {status, std::move(headers),
          R"({"type":"urn:ietf:params:acme:error:)" + type + R"(","detail":")" + detail + R"("})"};
}

Result<HttpResponse> CaTwin::send(HttpRequest const& request) {
  auto const path = request.url.substr(origin_of(request.url).size());
  if (origin_of(request.url) != origin) problems_.push_back("asked elsewhere: " + request.url);
  ++counts_[path];
  if (request.method == "POST") judge_nonce(request);
  HttpResponse response;
  bool nonce = true;
  if (auto& next = instead_[path]; !next.empty()) {
    response = std::move(next.front().response);
    nonce = next.front().nonce;
    next.pop_front();
  } else {
    response = usual(request, path);
  }
  if (nonce && request.method != "GET")
    response.headers.emplace_back("replay-nonce", fresh_nonce());
  if (auto const at = changes_.find(path); at != changes_.end()) at->second(response);
  return response;
}

void CaTwin::judge_nonce(HttpRequest const& request) {
  auto const nonce = nonce_of(request.body);
  if (nonces_.erase(nonce) == 0) problems_.push_back(request.url + ": nonce `" + nonce + "`");
}

std::string CaTwin::fresh_nonce() {
  auto nonce = "nonce-" + std::to_string(++nonce_);
  nonces_.insert(nonce);
  return nonce;
}

HttpResponse CaTwin::order(int status) const {
  auto response = json(
      status,
      R"({"status":")" + order_status + R"(","expires":"2027-01-01T00:00:00Z",)" +
          R"("identifiers":[{"type":"dns","value":"example.org"}],)" +
          R"("authorizations":["https://ca.example/authz"],)" +
          R"("finalize":"https://ca.example/finalize","certificate":"https://ca.example/cert"})");
  response.headers.emplace_back("location", std::string(origin) + "/order");
  return response;
}

HttpResponse CaTwin::usual(HttpRequest const& request, std::string const& path) {
  constexpr char const* challenge =
      R"({"type":"dns-01","url":"https://ca.example/challenge","status":"pending","token":"abc"})";
  if (path == "/dir")
    return json(200,
                R"({"newNonce":"https://ca.example/nonce",)"
                R"("newAccount":"https://ca.example/account",)"
                R"("newOrder":"https://ca.example/new","renewalInfo":"https://ca.example/ari",)"
                R"("meta":{"profiles":{"classic":"x"},"website":7}})");
  if (path == "/nonce") return {200, {}, {}};
  if (path == "/account")
    return {201, {{"location", std::string(origin) + "/account/1"}}, R"({"status":"valid"})"};
  if (path == "/new") return order(201);
  if (path == "/order") return order(200);
  if (path == "/authz")
    return json(200, R"({"status":")" + authorization +
                         R"(","identifier":{"type":"dns","value":"example.org"},"challenges":[)" +
                         challenge + "]}");
  if (path == "/challenge") {
    authorization = "valid";
    order_status = "ready";
    return json(200, challenge);
  }
  if (path == "/finalize") {
    order_status = "valid";
    return order(200);
  }
  if (path == "/cert") return {200, {}, certificate};
  return problem_answer(404, "malformed", request.url + " is nothing");
}

void CaTwin::instead(std::string const& path, HttpResponse response, bool nonce) {
  instead_[path].push_back({std::move(response), nonce});
}

void CaTwin::change(std::string const& path, std::function<void(HttpResponse&)> change) {
  changes_[path] = std::move(change);
}

int CaTwin::count(std::string const& path) const {
  auto const at = counts_.find(path);
  return at == counts_.end() ? 0 : at->second;
}

}  // namespace mailstack::acme
