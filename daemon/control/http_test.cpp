#include "daemon/control/http.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::control;

namespace {

std::string said(std::string const& request, std::string const& why_not = "") {
  Pages const pages{[](Exposition form) {
                      return std::string(form == Exposition::openmetrics ? "# EOF\n" : "a 1\n");
                    },
                    [&] { return why_not; }};
  return respond(request, pages).value_or("more");
}

/// Status line without `HTTP/1.1 `.
std::string status(std::string const& request) {
  auto const text = said(request);
  return text == "more" ? text : text.substr(9, text.find('\r') - 9);
}

}  // namespace

TEST_CASE("http: the pages", "[control]") {
  CHECK(said("GET /metrics HTTP/1.1\r\nHost: a:1\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        "Content-Length: 4\r\nCache-Control: no-store\r\nConnection: close\r\n\r\na 1\n");
  auto const open = said(
      "GET /metrics HTTP/1.1\r\nHost: a\r\naccept: "
      "application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n");
  CHECK(open.find("application/openmetrics-text; version=1.0.0") != open.npos);
  CHECK(open.ends_with("\r\n\r\n# EOF\n"));
  auto const head = said("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head.find("Content-Length: 4\r\n") != head.npos);
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(said("GET /healthz HTTP/1.0\r\n\r\n", "starting").starts_with("HTTP/1.1 200 OK"));
  CHECK(said("GET /readyz HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
  auto const starting = said("GET /readyz HTTP/1.0\r\n\r\n", "starting");
  CHECK(starting.starts_with("HTTP/1.1 503 Service Unavailable"));
  CHECK(starting.ends_with("\r\n\r\nstarting\n"));
}

TEST_CASE("http: what is refused, and how", "[control]") {
  struct {
    std::string request, status;
  } const cases[] = {
      {"", "more"},
      {"GET /metrics HTTP/1.1\r\nHost: a\r\n", "more"},
      {"GET /metrics HTTP/1.1\r\n\r", "more"},
      {"GET / HTTP/1.0\r\n\r\n", "404 Not Found"},
      {"GET /metrics/ HTTP/1.0\r\n\r\n", "404 Not Found"},
      {"GET /metrics?x=1 HTTP/1.0\r\n\r\n", "200 OK"},
      {"GET http://a:1/healthz HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK"},
      {"GET /healthz HTTP/1.1\nHost: a\n\n", "200 OK"},
      {"\r\nGET /healthz HTTP/1.0\r\n\r\n", "200 OK"},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "200 OK"},
      {"POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "405 Method Not Allowed"},
      {"DELETE / HTTP/1.0\r\n\r\n", "405 Method Not Allowed"},
      {"get /metrics HTTP/1.0\r\n\r\n", "405 Method Not Allowed"},
      {"GET /healthz HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"},
      {"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", "400 Bad Request"},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400 Bad Request"},
      {"GET /healthz HTTP/1.1\r\nHost: a\x01\r\n\r\n", "400 Bad Request"},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "400 Bad Request"},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
       "501 Not Implemented"},
      {"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported"},
      {"GET /healthz\r\n\r\n", "400 Bad Request"},
      {"GET  HTTP/1.0\r\n\r\n", "400 Bad Request"},
      {"GET a b HTTP/1.0\r\n\r\n", "400 Bad Request"},
      {"GET metrics HTTP/1.0\r\n\r\n", "400 Bad Request"},
      {"* /healthz SMTP\r\n\r\n", "400 Bad Request"},
      {"\x16\x03\x01", "400 Bad Request"},
      {"GET /" + std::string(1024, 'a'), "414 URI Too Long"},
      {"GET / HTTP/1.0\r\na: " + std::string(8192, 'b'), "431 Request Header Fields Too Large"},
      {"GET / HTTP/1.0\r\na: " + std::string(8192, 'b') + "\r\n\r\n",
       "431 Request Header Fields Too Large"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.request);
    CHECK(status(row.request) == row.status);
  }
}

TEST_CASE("http: a request may come octet by octet", "[control]") {
  std::string const request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t size = 0; size < request.size(); ++size)
    CHECK(said(request.substr(0, size)) == "more");
  CHECK(said(request).ends_with("ok\n"));
}
