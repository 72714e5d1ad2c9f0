#pragma once
/// \file
/// Listings that are asked for before the look needs them, so that rules, inventory and compilation
/// take place while the server answers.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "providers/dns_provider.hpp"

namespace mailstack::cli {

/// Another Http whose exchanges all end when stop() is called.
class StoppableHttp final : public Http {
 public:
  /// `http` outlives this.
  explicit StoppableHttp(Http& http) : http_(http) {}
  Result<HttpResponse> send(HttpRequest const& request) override {
    auto own = request;
    own.stop = stop_.get_token();
    return http_.send(own);
  }
  void stop() { stop_.request_stop(); }

 private:
  Http& http_;
  std::stop_source stop_;
};

/// A provider that is asked for some zones at once, a thread each. The first list() of such a zone
/// returns that answer, error or not, and waits for it; all else goes to the provider, and waits
/// until what was asked ahead is answered, so that the limits of the provider hold. When this goes,
/// exchanges under way are given up: nobody waits for a slow server whose answer is not wanted.
class AskedAhead final : public DnsProvider {
 public:
  /// `http` is what `provider` sends with. Not more `zones` than provider->limits().parallel_reads.
  AskedAhead(std::unique_ptr<StoppableHttp> http, std::shared_ptr<DnsProvider> provider,
             std::span<dns::Name const> zones);
  ~AskedAhead() override;
  AskedAhead(AskedAhead const&) = delete;
  AskedAhead& operator=(AskedAhead const&) = delete;

  Result<std::vector<dns::RRset>> list(dns::Name const& zone) override;
  Result<> set(dns::Name const& zone, std::span<Change const> changes) override;
  [[nodiscard]] Limits limits() const override { return provider_->limits(); }

 private:
  using Answer = Result<std::vector<dns::RRset>>;

  std::unique_ptr<StoppableHttp> http_;
  std::shared_ptr<DnsProvider> provider_;
  std::mutex mutex_;  // guards the two that follow
  std::map<dns::Name, std::optional<Answer>> answers_;
  std::size_t under_way_ = 0;
  std::condition_variable ended_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace mailstack::cli
