#include "daemon/net/resolver.hpp"

#include <pthread.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "core/dns/wire.hpp"
#include "daemon/net/sockets.hpp"

namespace mailstack::net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_kept{60};
constexpr std::size_t most_kept = 8192;

struct Option {
  char const* name;
  char const* value;
};
/// A resolver for one mail server, not for a network: small caches, one slab each, and a server
/// that came back is found soon.
constexpr Option options[] = {
    {"do-not-query-localhost:", "no"},  {"unblock-lan-zones:", "yes"},
    {"insecure-lan-zones:", "yes"},     {"msg-cache-size:", "1m"},
    {"rrset-cache-size:", "2m"},        {"key-cache-size:", "512k"},
    {"neg-cache-size:", "128k"},        {"msg-cache-slabs:", "1"},
    {"rrset-cache-slabs:", "1"},        {"key-cache-slabs:", "1"},
    {"infra-cache-slabs:", "1"},        {"infra-cache-numhosts:", "1000"},
    {"infra-host-ttl:", "60"},          {"infra-keep-probing:", "yes"},
    {"cache-max-negative-ttl:", "300"}, {"outgoing-range:", "256"},
    {"num-queries-per-thread:", "512"},
};
/// Zones that libunbound answers by itself, though whoever runs the name server may know better.
constexpr char const* own_zones[] = {
    "test.", "invalid.", "home.arpa.", "127.in-addr.arpa.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."};

/// Signals are the main thread's: a thread that is begun meanwhile gets none.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsHeld(SignalsHeld const&) = delete;
  SignalsHeld& operator=(SignalsHeld const&) = delete;
  ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

struct ContextEnds {
  void operator()(ub_ctx* context) const { ::ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, ContextEnds>;

Result<> checked(int error, std::string const& what) {
  if (error == 0) return {};
  return fail(ErrorCode::unavailable, what + ": " + ::ub_strerror(error));
}

Result<> set_servers(ub_ctx* context, ResolverSetup const& setup) {
  // Without a resolv.conf the way begins at the root.
  if (setup.servers.empty() && ::access("/etc/resolv.conf", R_OK) == 0)
    return checked(::ub_ctx_resolvconf(context, nullptr), "/etc/resolv.conf");
  for (auto const& server : setup.servers) {
    auto const address = forward_address(server);
    if (!address) return tl::unexpected(address.error());
    if (auto done = checked(::ub_ctx_set_fwd(context, address->c_str()), server); !done)
      return done;
  }
  return {};
}

Result<Context> make_context(ResolverSetup const& setup) {
  Context context(::ub_ctx_create());
  if (!context) return fail(ErrorCode::unavailable, "no resolver: out of memory");
  for (auto const& [name, value] : options)
    if (auto done = checked(::ub_ctx_set_option(context.get(), name, value), name); !done)
      return tl::unexpected(done.error());
  if (!setup.dnssec) {
    ::ub_ctx_set_option(context.get(), "module-config:", "iterator");
  } else if (::access(setup.trust_anchor.c_str(), R_OK) != 0) {
    return fail(ErrorCode::unavailable, "no trust anchor: " + setup.trust_anchor);
  } else if (auto done = checked(::ub_ctx_add_ta_file(context.get(), setup.trust_anchor.c_str()),
                                 setup.trust_anchor);
             !done) {
    return tl::unexpected(done.error());
  }
  if (auto done = set_servers(context.get(), setup); !done) return tl::unexpected(done.error());
  // A thread and not a process: what is asked for often is in our memory anyway.
  ::ub_ctx_async(context.get(), 1);
  for (auto const* zone : own_zones) ::ub_ctx_zone_remove(context.get(), zone);
  return context;
}

DnsAnswer unknown(std::string why) {
  DnsAnswer answer;
  answer.why = std::move(why);
  return answer;
}

DnsAnswer answer_of(ub_result const& result, dns::Name const& name, dns::Type type) {
  using Status = DnsAnswer::Status;
  DnsAnswer answer;
  answer.canonical = name;
  answer.secure = result.secure != 0;
  if (result.bogus != 0) {
    answer.status = Status::bogus;
    answer.why = result.why_bogus != nullptr ? result.why_bogus : "DNSSEC: bogus";
    return answer;
  }
  if (result.nxdomain != 0 || (result.rcode == 0 && result.havedata == 0)) {
    answer.status = result.nxdomain != 0 ? Status::no_name : Status::no_data;
    return answer;
  }
  if (result.rcode != 0)
    return unknown(result.rcode == 2 ? "SERVFAIL" : "rcode " + std::to_string(result.rcode));
  if (result.canonname != nullptr)
    if (auto const canonical = dns::Name::parse(result.canonname)) answer.canonical = *canonical;
  auto const reply = dns::parse_reply({static_cast<char const*>(result.answer_packet),
                                       static_cast<std::size_t>(result.answer_len)});
  if (!reply) return unknown("the answer cannot be read: " + reply.error().what);
  answer.values = reply->values(answer.canonical, type);
  if (answer.values.empty()) return unknown("the answer holds none of what it should");
  answer.status = Status::found;
  return answer;
}

class UnboundResolver : public DnsResolver {
 public:
  UnboundResolver(Loop& loop, ResolverSetup setup) : loop_(loop), setup_(std::move(setup)) {}
  ~UnboundResolver() override { close(); }

  void ask(dns::Name const& name, dns::Type type, std::function<void(DnsAnswer)> done) override {
    Key key{name, type};
    if (auto const known = kept_.find(key); known != kept_.end()) {
      if (steady_clock::now() < known->second.until) return done(known->second.answer);
      kept_.erase(known);
    }
    auto const [at, fresh] = open_.try_emplace(std::move(key));
    at->second.waiting.push_back(std::move(done));
    if (!fresh) return;
    at->second.key = &at->first;
    at->second.owner = this;
    at->second.attempts = std::max(1U, setup_.attempts);
    submit(at->second);
  }

  void change(ResolverSetup setup) override {
    if (setup == setup_) return;
    setup_ = std::move(setup);
    kept_.clear();
    close();
    for (auto& [key, question] : open_) {
      question.attempts = std::max(1U, setup_.attempts);
      submit(question);
    }
  }

 private:
  using Key = std::pair<dns::Name, dns::Type>;
  struct Question {
    Key const* key = nullptr;
    UnboundResolver* owner = nullptr;
    std::vector<std::function<void(DnsAnswer)>> waiting;
    unsigned attempts = 0;  // left
    int id = 0;             // libunbound's; 0: not asked
    std::unique_ptr<Timer> timer;
  };
  struct KeptAnswer {
    DnsAnswer answer;
    steady_clock::time_point until;
  };

  void close() {
    for (auto& [key, question] : open_) {
      question.id = 0;
      question.timer.reset();
    }
    watch_.reset();
    context_.reset();
  }

  Result<> open() {
    if (context_) return {};
    auto made = make_context(setup_);
    if (!made) return tl::unexpected(made.error());
    context_ = std::move(*made);
    watch_ = loop_.watch(::ub_fd(context_.get()), [this] { ::ub_process(context_.get()); });
    return {};
  }

  void submit(Question& question) {
    // The thread is begun by the first question.
    SignalsHeld const held;
    auto asked = open();
    if (asked) {
      auto const& [name, type] = *question.key;
      asked = checked(::ub_resolve_async(context_.get(), name.text().c_str(), type.number(), 1,
                                         &question, &UnboundResolver::answered, &question.id),
                      "no resolver");
    }
    auto const key = *question.key;
    if (!asked)
      question.timer = loop_.after(milliseconds(0), [this, key, why = asked.error().what] {
        conclude(key, unknown(why), milliseconds(0));
      });
    else
      question.timer = loop_.after(setup_.timeout, [this, key] { overdue(key); });
  }

  void overdue(Key const& key) {
    auto const at = open_.find(key);
    if (at == open_.end()) return;
    auto& question = at->second;
    if (question.id != 0) ::ub_cancel(context_.get(), question.id);
    question.id = 0;
    if (--question.attempts > 0) return submit(question);
    conclude(key, unknown("no name server answered in time"), milliseconds(0));
  }

  static void answered(void* data, int error, ub_result* result) {
    auto& question = *static_cast<Question*>(data);
    auto& self = *question.owner;
    auto const key = *question.key;
    question.id = 0;
    auto answer =
        error != 0 ? unknown(::ub_strerror(error)) : answer_of(*result, key.first, key.second);
    auto const ttl = error != 0 ? std::chrono::seconds(0) : std::chrono::seconds(result->ttl);
    if (result != nullptr) ::ub_resolve_free(result);
    self.conclude(key, std::move(answer), ttl);
  }

  void conclude(Key const& key, DnsAnswer const& answer, milliseconds ttl) {
    auto node = open_.extract(key);
    if (node.empty()) return;
    if (answer.status != DnsAnswer::Status::unknown && answer.status != DnsAnswer::Status::bogus &&
        ttl.count() > 0) {
      if (kept_.size() >= most_kept) kept_.clear();
      auto const span = std::min<milliseconds>(ttl, longest_kept);
      kept_[key] = {answer, steady_clock::now() + span};
    }
    for (auto const& done : node.mapped().waiting) done(answer);
  }

  Loop& loop_;
  ResolverSetup setup_;
  Context context_;
  std::unique_ptr<Timer> watch_;
  std::map<Key, Question> open_;
  std::map<Key, KeptAnswer> kept_;
};

}  // namespace

std::unique_ptr<DnsResolver> DnsResolver::make(Loop& loop, ResolverSetup setup) {
  return std::make_unique<UnboundResolver>(loop, std::move(setup));
}

Result<std::string> forward_address(std::string_view server) {
  std::string address(server);
  std::string port = "53";
  auto const bracket = server.rfind(']');
  auto const colon = server.rfind(':');
  bool const bare = std::count(server.begin(), server.end(), ':') > 1 && bracket == server.npos;
  if (colon != server.npos && !bare && (bracket == server.npos || colon > bracket)) {
    port = server.substr(colon + 1);
    address = server.substr(0, colon);
  }
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  std::uint16_t number = 0;
  auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  bool const good = error == std::errc{} && end == port.data() + port.size() && number > 0;
  if (!good || address.find('/') != std::string::npos || !socket_address({address, number}))
    return fail(ErrorCode::invalid,
                "a name server is an address, with a port or without: " + std::string(server));
  return address + '@' + port;
}

}  // namespace mailstack::net
