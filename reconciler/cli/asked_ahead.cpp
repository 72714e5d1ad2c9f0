#include "reconciler/cli/asked_ahead.hpp"

#include <utility>

namespace mailstack::cli {

AskedAhead::AskedAhead(std::unique_ptr<StoppableHttp> http, std::shared_ptr<DnsProvider> provider,
                       std::span<dns::Name const> zones)
    : http_(std::move(http)), provider_(std::move(provider)), under_way_(zones.size()) {
  for (auto const& zone : zones) answers_.try_emplace(zone);
  for (auto const& zone : zones)
    threads_.emplace_back([this, zone] {
      auto answer = provider_->list(zone);
      std::scoped_lock const lock(mutex_);
      answers_.at(zone).emplace(std::move(answer));
      --under_way_;
      ended_.notify_all();
    });
}

AskedAhead::~AskedAhead() { http_->stop(); }

Result<std::vector<dns::RRset>> AskedAhead::list(dns::Name const& zone) {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] {
    auto const asked = answers_.find(zone);
    return asked == answers_.end() ? under_way_ == 0 : asked->second.has_value();
  });
  auto taken = answers_.extract(zone);
  lock.unlock();
  if (taken) return *std::move(taken.mapped());
  return provider_->list(zone);
}

Result<> AskedAhead::set(dns::Name const& zone, std::span<Change const> changes) {
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return under_way_ == 0; });
    answers_.erase(zone);  // what was read before a write is not what is there after it
  }
  return provider_->set(zone, changes);
}

}  // namespace mailstack::cli
