#include "reconciler/world/http/curl_http.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "tests/support/fault_proxy.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::world {
namespace {

using support::Fault;
using support::FaultProxy;
using support::http_answer;

Fault answer(std::string const& status, std::string const& body, std::string const& headers = {}) {
  return {Fault::Kind::answer, http_answer(status, body, headers), {}};
}

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  request.timeout = std::chrono::milliseconds(5'000);
  return request;
}

}  // namespace

TEST_CASE("http: status, headers in lower case, and body", "[world]") {
  FaultProxy server;
  server.script({answer("422 Unprocessable", "wrong", "X-Odd-Case:  Value \r\nEmpty:\r\n")});
  CurlHttp http;
  auto const response = http.send(get(server.url() + "/a?b=c"));
  REQUIRE(response);
  CHECK(response->status == 422);
  CHECK(response->body == "wrong");
  REQUIRE(response->header("x-odd-case"));
  CHECK(*response->header("x-odd-case") == "Value");
  CHECK(response->header("empty")->empty());
  CHECK_FALSE(response->header("absent"));
  CHECK(server.seen().at(0).path == "/a?b=c");
}

TEST_CASE("http: a stop ends an exchange with a silent server at once, and a later one works",
          "[world]") {
  FaultProxy server;
  server.script({{Fault::Kind::stall, {}, {}}, answer("200 OK", "later")});
  CurlHttp http;
  std::stop_source stop;
  auto request = get(server.url());
  request.timeout = std::chrono::seconds(60);
  request.stop = stop.get_token();
  std::jthread const other([&] {
    while (server.seen().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop.request_stop();
  });
  auto const begin = std::chrono::steady_clock::now();
  auto const given_up = http.send(request);
  // Far from the timeout; a loaded machine may take its time.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  REQUIRE_FALSE(given_up);
  CHECK(given_up.error().code == ErrorCode::unavailable);
  CHECK(given_up.error().what.find("given up") != std::string::npos);
  auto const again = http.send(get(server.url()));
  REQUIRE(again);
  CHECK(again->body == "later");
  CHECK_FALSE(http.send(request));
}

TEST_CASE("http: method, headers, secrets and body arrive", "[world]") {
  FaultProxy server;
  server.script({answer("204 No Content", ""), answer("200 OK", ""), answer("200 OK", "")});
  CurlHttp http("mailstack/test");
  auto request = get(server.url() + "/zones");
  request.method = "PATCH";
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.secret_headers = {{"X-API-Key", Secret<std::string>("geheim")}};
  request.body = std::string(1'500'000, 'x');
  REQUIRE(http.send(request));
  auto const seen = server.seen().at(0);
  CHECK(seen.method == "PATCH");
  CHECK(seen.body == request.body);
  for (auto const* line : {"Content-Type: application/json\r\n", "X-API-Key: geheim\r\n",
                           "User-Agent: mailstack/test\r\n", "X-Empty:"})
    CHECK(seen.head.find(line) != std::string::npos);
  // `Expect: 100-continue` would cost a second with servers that do not answer it.
  CHECK(seen.head.find("Expect") == std::string::npos);

  request = get(server.url() + "/zones");
  request.method = "DELETE";
  REQUIRE(http.send(request));
  CHECK(server.seen().at(1).method == "DELETE");
  request.method = "POST";
  REQUIRE(http.send(request));
  CHECK(server.seen().at(2).head.find("Content-Length: 0\r\n") != std::string::npos);
  CHECK(server.seen().at(2).head.find("geheim") == std::string::npos);
}

TEST_CASE("http: requests in a row share a connection", "[world]") {
  FaultProxy server;
  server.script(std::vector<Fault>(20, answer("200 OK", "x")));
  CurlHttp http;
  for (int i = 0; i < 20; ++i) REQUIRE(http.send(get(server.url() + "/")));
  CHECK(server.connections() == 1);
}

TEST_CASE("http: requests at once have connections of their own, which stay", "[world]") {
  FaultProxy server;
  server.script(std::vector<Fault>(40, answer("200 OK", "x")));
  CurlHttp http;
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n)
        good += http.send(get(server.url() + "/")).value_or(HttpResponse{}).body == "x";
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == 40);
  CHECK(server.connections() <= 4);
}

TEST_CASE("http: a redirect is not followed", "[world]") {
  FaultProxy server;
  FaultProxy other;
  server.script({answer("302 Found", "", "Location: " + other.url() + "/\r\n")});
  CurlHttp http;
  auto const response = http.send(get(server.url() + "/"));
  REQUIRE(response);
  CHECK(response->status == 302);
  CHECK(other.connections() == 0);
}

TEST_CASE("http: no complete answer is unavailable, with a cause", "[world]") {
  struct Case {
    std::string name;
    Fault fault;
    std::string says;
  };
  auto const broken = GENERATE(values<Case>({
      {"hang up", {Fault::Kind::hang_up, "", {}}, "ended early"},
      {"short body",
       {Fault::Kind::answer,
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort",
        {}},
       ""},
      {"no HTTP", {Fault::Kind::answer, "220 mail.example.org ESMTP\r\n", {}}, "not speak HTTP"},
      {"stall", {Fault::Kind::stall, "", {}}, "slow"},
  }));
  FaultProxy server;
  server.script({broken.fault, broken.fault});
  CurlHttp http;
  auto request = get(server.url() + "/zones");
  request.timeout = std::chrono::milliseconds(broken.name == "stall" ? 100 : 300);
  auto const response = http.send(request);
  INFO(broken.name);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::unavailable);
  CHECK(response.error().what.find(server.url() + "/zones") != std::string::npos);
  CHECK(response.error().what.find(broken.says) != std::string::npos);
}

TEST_CASE("http: nobody listens, nobody is called so", "[world]") {
  CurlHttp http;
  auto const refused = http.send(get("http://127.0.0.1:" + std::to_string(support::free_port())));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().what.find("is the server running") != std::string::npos);
  auto const unknown = http.send(get("http://no-such-host.invalid/"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::unavailable);
}

TEST_CASE("http: a certificate that nobody vouches for is denied, one of the CA file is not",
          "[world]") {
  support::TemporaryDirectory const directory;
  auto const key = directory.path() + "/key";
  auto const certificate = directory.path() + "/certificate";
  auto const make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
      "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 1 -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  REQUIRE(std::system(make.c_str()) == 0);
  auto const port = support::free_port();
  support::ServerProcess const server(
      {"openssl", "s_server", "-quiet", "-www", "-accept", "127.0.0.1:" + std::to_string(port),
       "-key", key, "-cert", certificate},
      directory.path() + "/log");
  REQUIRE(support::wait_for_port(port, std::chrono::seconds(5)));
  CurlHttp http;
  auto const response = http.send(get("https://127.0.0.1:" + std::to_string(port) + "/"));
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::denied);
  CHECK(response.error().what.find("certificate") != std::string::npos);

  CurlHttp trusting("mailstack", certificate);
  auto const trusted = trusting.send(get("https://127.0.0.1:" + std::to_string(port) + "/"));
  REQUIRE(trusted);
  CHECK(trusted->status == 200);
  CurlHttp lost("mailstack", directory.path() + "/no-such-file");
  auto const unread = lost.send(get("https://127.0.0.1:" + std::to_string(port) + "/"));
  REQUIRE_FALSE(unread);
  CHECK(unread.error().code == ErrorCode::denied);
}

TEST_CASE("http: what is no URL of ours is invalid", "[world]") {
  CurlHttp http;
  for (auto const* url : {"", "http://", "ftp://127.0.0.1/", "file:///etc/passwd", "http://[::1",
                          "http://127.0.0.1:99999/", "http://user:pw@127.0.0.1:1/"}) {
    auto const response = http.send(get(url));
    INFO(url);
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("http: a header with a line break is refused and its value not shown", "[world]") {
  FaultProxy server;
  CurlHttp http;
  auto request = get(server.url() + "/");
  request.secret_headers = {{"X-API-Key", Secret<std::string>("geheim\r\nX-Other: 1")}};
  auto const response = http.send(request);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::invalid);
  CHECK(response.error().what.find("X-API-Key") != std::string::npos);
  CHECK(response.error().what.find("geheim") == std::string::npos);
  CHECK(server.connections() == 0);
}

TEST_CASE("http: a proxy of the environment is not asked for this machine", "[world]") {
  FaultProxy server;
  FaultProxy proxy;
  server.script({answer("200 OK", "direct")});
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  CurlHttp http;
  auto const response = http.send(get(server.url() + "/"));
  ::unsetenv("http_proxy");
  REQUIRE(response);
  CHECK(response->body == "direct");
  CHECK(proxy.connections() == 0);
}

TEST_CASE("http: an interim answer is passed over", "[world]") {
  FaultProxy server;
  server.script({{Fault::Kind::answer,
                  "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + http_answer("200 OK", "x"),
                  {}}});
  CurlHttp http;
  auto const response = http.send(get(server.url() + "/"));
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK_FALSE(response->header("x-early"));
}

}  // namespace mailstack::world
