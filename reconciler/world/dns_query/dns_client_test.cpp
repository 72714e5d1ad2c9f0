#include "reconciler/world/dns_query/dns_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <thread>

#include "core/files/descriptor.hpp"
#include "reconciler/world/dns_query/endpoint.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/powerdns_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::world {
namespace {

using std::chrono::milliseconds;

DnsQuestion question(std::string const& name, dns::Type type) {
  return {*dns::Name::parse(name), type};
}

/// A name server over UDP that answers each packet with what `answer` makes of it.
class Answerer {
 public:
  using Answer = std::function<std::vector<std::string>(std::string packet)>;

  explicit Answerer(Answer answer)
      : port_(support::free_port()),
        socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  Answerer(Answerer const&) = delete;
  Answerer& operator=(Answerer const&) = delete;
  ~Answerer() {
    closing_ = true;
    thread_.join();
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int packets() const { return packets_; }

 private:
  void serve() {
    while (!closing_) {
      pollfd watched{socket_.number(), POLLIN, 0};
      if (::poll(&watched, 1, 5) <= 0) continue;
      char buffer[2048];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto const got = ::recvfrom(socket_.number(), buffer, sizeof buffer, 0,
                                  reinterpret_cast<sockaddr*>(&from), &size);
      if (got <= 0) continue;
      ++packets_;
      for (auto const& reply : answer_(std::string(buffer, static_cast<std::size_t>(got))))
        ::sendto(socket_.number(), reply.data(), reply.size(), 0,
                 reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  std::uint16_t port_;
  files::Descriptor socket_;
  Answer answer_;
  std::atomic<bool> closing_{false};
  std::atomic<int> packets_{0};
  std::thread thread_;
};

/// The query as a reply without answers; NXDOMAIN and authoritative.
std::string denial(std::string query) {
  query[2] = static_cast<char>(0x84);
  query[3] = 3;
  return query;
}

}  // namespace

TEST_CASE("dns client: answers of a real server, in the order of the questions", "[world]") {
  support::PowerDnsServer server;
  server.create_zone("example.org.");
  std::string const long_text(250, 'x');
  std::string records;
  for (int i = 0; i < 20; ++i)
    records += std::string(i == 0 ? "" : ",") + R"({"content":"\")" + std::to_string(i) +
               long_text + R"(\"","disabled":false})";
  REQUIRE(server
              .request("PATCH", "/zones/example.org.",
                       R"({"rrsets":[{"name":"www.example.org.","type":"A","ttl":77,
          "changetype":"REPLACE","records":[{"content":"192.0.2.2","disabled":false},
          {"content":"192.0.2.1","disabled":false}]},
         {"name":"alias.example.org.","type":"CNAME","ttl":60,"changetype":"REPLACE",
          "records":[{"content":"www.example.org.","disabled":false}]},
         {"name":"large.example.org.","type":"TXT","ttl":60,"changetype":"REPLACE","records":[)" +
                           records + "]}]}")
              .status == 204);
  DnsClient client({});
  std::vector<DnsQuestion> const questions{
      question("www.example.org", dns::type::a),    question("nope.example.org", dns::type::a),
      question("www.example.org", dns::type::aaaa), question("large.example.org", dns::type::txt),
      question("alias.example.org", dns::type::a),  question("example.org", dns::type::ns),
      question("example.com", dns::type::a),        question("large.example.org", dns::type::txt)};
  auto const answers = client.ask(server.dns_address(), questions, false, milliseconds(5'000));
  REQUIRE(answers.size() == questions.size());
  for (auto const& answer : answers) {
    INFO((answer ? "" : answer.error().what));
    REQUIRE(answer);
  }
  CHECK(answers[0]->rcode == 0);
  CHECK(answers[0]->authoritative);
  CHECK(answers[0]->ttl == 77);
  CHECK(answers[0]->values == std::vector<std::string>{"192.0.2.1", "192.0.2.2"});
  CHECK(answers[1]->rcode == 3);
  CHECK(answers[2]->rcode == 0);
  CHECK(answers[2]->values.empty());
  CHECK(answers[3]->values.size() == 20);  // 5 kB: over TCP
  CHECK(answers[4]->values.empty());       // the alias is not the name that was asked for
  CHECK(answers[5]->values == std::vector<std::string>{"ns1.example.net."});
  CHECK(answers[6]->rcode == 5);
  CHECK_FALSE(answers[6]->authoritative);
  CHECK(answers[7]->values.size() == 20);
}

TEST_CASE("dns client: thousands of questions, in flight together", "[world]") {
  support::PowerDnsServer server;
  server.create_zone("example.org.");
  std::vector<DnsQuestion> questions;
  questions.reserve(3'000);
  for (int i = 0; i < 3'000; ++i)
    questions.push_back(question(
        i % 2 == 0 ? "example.org" : "x" + std::to_string(i) + ".example.org", dns::type::ns));
  DnsClient client({});
  auto const answers = client.ask(server.dns_address(), questions, false, milliseconds(5'000));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    INFO(i << " " << (answers[i] ? "" : answers[i].error().what));
    REQUIRE(answers[i]);
    REQUIRE(answers[i]->rcode == (i % 2 == 0 ? 0 : 3));
  }
}

TEST_CASE("dns client: a lost packet is sent again", "[world]") {
  std::atomic<int> count{0};
  Answerer server([&](std::string const& packet) {
    return count++ % 2 == 0 && count < 8 ? std::vector<std::string>{}
                                         : std::vector<std::string>{denial(packet)};
  });
  DnsClient client({});
  std::vector<DnsQuestion> const questions(9, question("example.org", dns::type::a));
  auto const answers = client.ask(server.address(), questions, true, milliseconds(5'000));
  for (auto const& answer : answers) REQUIRE(answer);
  CHECK(server.packets() >= 13);  // a slow machine asks once more
}

TEST_CASE("dns client: replies that are not ours are passed over", "[world]") {
  // A wrong id, another question, a query, noise; then the true reply.
  Answerer server([](std::string const& packet) {
    auto wrong_id = denial(packet);
    wrong_id[0] = static_cast<char>(wrong_id[0] ^ 0x55);
    auto other_question = denial(packet);
    other_question[13] = 'X';
    auto truth = denial(packet);
    truth[3] = 0;
    return std::vector<std::string>{wrong_id, other_question, "x", "", std::string(12, 'z'), truth};
  });
  DnsClient client({});
  std::vector<DnsQuestion> const questions{question("example.org", dns::type::a)};
  auto const answers = client.ask(server.address(), questions, true, milliseconds(3'000));
  REQUIRE(answers[0]);
  CHECK(answers[0]->rcode == 0);
}

TEST_CASE("dns client: an answer of another address is not taken", "[world]") {
  // The answer comes from a socket of its own, so from another port.
  files::Descriptor const elsewhere(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  Answerer server([&](std::string const&) { return std::vector<std::string>{}; });
  std::atomic<int> sent{0};
  DnsClient client({});
  std::vector<DnsQuestion> const questions{question("example.org", dns::type::a)};
  std::thread attacker([&] {
    // All ids to a range of likely ports would be the attack; here it is enough that no packet of
    // another address can be read: every port of ours in /proc/net/udp gets one.
    std::ifstream sockets("/proc/net/udp");
    for (std::string line; std::getline(sockets, line);) {
      auto const colon = line.find("0100007F:");
      if (colon == std::string::npos) continue;
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port =
          htons(static_cast<std::uint16_t>(std::stoul(line.substr(colon + 9, 4), nullptr, 16)));
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      std::string const noise(12, '\0');
      sent += ::sendto(elsewhere.number(), noise.data(), noise.size(), 0,
                       reinterpret_cast<sockaddr*>(&to), sizeof to) > 0;
    }
  });
  auto const answers = client.ask(server.address(), questions, true, milliseconds(300));
  attacker.join();
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().code == ErrorCode::unavailable);
}

TEST_CASE("dns client: a server that is silent costs one timeout for all questions", "[world]") {
  Answerer server([](std::string const&) { return std::vector<std::string>{}; });
  DnsClient client({});
  std::vector<DnsQuestion> const questions(1'000, question("example.org", dns::type::a));
  auto const start = std::chrono::steady_clock::now();
  auto const answers = client.ask(server.address(), questions, true, milliseconds(1'000));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(6));
  for (auto const& answer : answers) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
  }
  CHECK(answers[0].error().what.find("example.org A at " + server.address()) != std::string::npos);
}

TEST_CASE("dns client: where nobody listens it says so at once", "[world]") {
  DnsClient client({});
  auto const server = "127.0.0.1:" + std::to_string(support::free_port());
  std::vector<DnsQuestion> const questions(1'000, question("example.org", dns::type::a));
  auto const start = std::chrono::steady_clock::now();
  auto const answers = client.ask(server, questions, true, milliseconds(10'000));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(8));
  REQUIRE_FALSE(answers[999]);
  CHECK(answers[999].error().what.find("nobody listens") != std::string::npos);
  CHECK(client.ask(server, {}, true, milliseconds(10)).empty());
}

TEST_CASE("dns client: an answer that does not parse is invalid", "[world]") {
  Answerer server([](std::string const& packet) {
    auto reply = denial(packet);
    reply[7] = 5;  // five answers, none follows
    return std::vector<std::string>{reply.substr(0, 12 + 17)};
  });
  DnsClient client({});
  std::vector<DnsQuestion> const questions{question("example.org", dns::type::a)};
  auto const answers = client.ask(server.address(), questions, true, milliseconds(2'000));
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().code == ErrorCode::invalid);
}

TEST_CASE("dns client: truncated, and nobody answers over TCP", "[world]") {
  Answerer server([](std::string const& packet) {
    auto reply = denial(packet);
    reply[2] = static_cast<char>(reply[2] | 2);
    return std::vector<std::string>{reply};
  });
  DnsClient client({});
  std::vector<DnsQuestion> const questions{question("example.org", dns::type::a)};
  auto const answers = client.ask(server.address(), questions, true, milliseconds(2'000));
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().code == ErrorCode::unavailable);
  CHECK(answers[0].error().what.find("TCP") != std::string::npos);
}

TEST_CASE("dns client: addresses", "[world]") {
  struct Case {
    std::string text;
    std::string with_port;
  };
  for (auto const& [text, full] : {Case{"192.0.2.53", "192.0.2.53:53"},
                                   {"192.0.2.53:5353", "192.0.2.53:5353"},
                                   {"2001:db8::53", "[2001:db8::53]:53"},
                                   {"[2001:db8::53]", "[2001:db8::53]:53"},
                                   {"[::1]:5353", "[::1]:5353"},
                                   {"::1", "[::1]:53"}}) {
    CHECK(parse_endpoint(text));
    CHECK(with_port(text) == full);
  }
  for (auto const* text :
       {"", "ns1.example.org", "ns1.example.org:53", "[::1", "[::1]x", "[::1]:", "192.0.2.53:x",
        "192.0.2.53:99999", "192.0.2.53:-1", "192.0.2.300", ":53"}) {
    INFO(text);
    auto const endpoint = parse_endpoint(text);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().code == ErrorCode::invalid);
  }
  DnsClient client({});
  std::vector<DnsQuestion> const questions(2, question("example.org", dns::type::a));
  auto const answers = client.ask("ns1.example.org", questions, true, milliseconds(100));
  REQUIRE(answers.size() == 2);
  CHECK(answers[1].error().code == ErrorCode::invalid);
}

TEST_CASE("dns client: resolvers of the manifest, else of the system, else this machine",
          "[world]") {
  support::TemporaryDirectory const directory;
  auto const file = directory.path() + "/resolv.conf";
  CHECK(DnsClient({}, file).resolvers() == std::vector<std::string>{"127.0.0.1:53"});
  std::ofstream(file) << "# nameserver 192.0.2.1\nsearch example.org\nnameserver 192.0.2.2\n"
                         "nameserver   2001:db8::1 # two\nnameserver\nnameserver none\n"
                         "nameserver fe80::1%lo\noptions edns0\n";
  CHECK(DnsClient({}, file).resolvers() ==
        std::vector<std::string>{"192.0.2.2:53", "[2001:db8::1]:53", "[fe80::1%lo]:53"});
  CHECK(DnsClient({"1.1.1.1", "127.0.0.1:5353"}, file).resolvers() ==
        std::vector<std::string>{"1.1.1.1:53", "127.0.0.1:5353"});
}

}  // namespace mailstack::world
