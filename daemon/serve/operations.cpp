#include "daemon/serve/operations.hpp"

#include <unistd.h>

#include "daemon/conf/addresses.hpp"
#include "daemon/control/process_facts.hpp"
#include "daemon/serve/time_and_chance.hpp"

namespace mailstack::serve {

namespace {

std::vector<control::Expiry> expiries(conf::Snapshot const& snapshot) {
  std::vector<control::Expiry> all;
  for (auto const& pair : snapshot.certificates) all.emplace_back(pair.name, pair.expires);
  return all;
}

class PartsOperations : public control::Operations {
 public:
  PartsOperations(Parts& parts, Life const& life, Orders orders)
      : parts_(parts), life_(life), orders_(std::move(orders)) {}

  control::Status status() override {
    control::Status status;
    status.version = life_.version;
    status.pid = ::getpid();
    status.started = life_.started;
    status.loaded = life_.loaded;
    status.reading_since = orders_.reading_since();
    status.ready = life_.ready && !life_.stopping;
    status.stopping = life_.stopping;
    for (auto const& at : parts_.server->listening())
      status.listeners.push_back({conf::format(at), std::string(control::format(at.service))});
    status.digests = parts_.current.get()->snapshot->digests;
    status.problems = life_.problems;
    for (auto const& key : parts_.keys->states())
      status.keys.push_back({key.domain, key.selector, key.signs, key.why});
    status.spool = parts_.spool->stats();
    return status;
  }

  std::string metrics(control::Exposition form) override {
    auto& metrics = parts_.telemetry->metrics();
    metrics.show(parts_.queue->stats(control::most_destinations), now());
    metrics.show(parts_.spool->stats());
    metrics.show(life_.problems, life_.loaded, expiries(*parts_.current.get()->snapshot));
    metrics.show(control::process_facts());
    return metrics.registry.format(form);
  }

  void reload(std::function<void(conf::Problems const&)> done) override {
    orders_.reload(std::move(done));
  }
  void stop() override { orders_.stop(); }

  queue::Page list(queue::Filter const& filter, queue::ItemId after, std::size_t most) override {
    return parts_.queue->list(filter, after, most);
  }
  Result<queue::Entry> show(queue::ItemId id) override { return parts_.queue->show(id); }
  void content(queue::ItemId id, Make make, std::function<void(std::string)> done) override {
    make_beside(parts_.main, parts_.pools->files, *parts_.spool, id, std::move(make),
                std::move(done));
  }
  queue::QueueStats stats(std::size_t most_destinations) override {
    return parts_.queue->stats(most_destinations);
  }
  void flush(queue::Filter const& filter, queue::Queue::Counted done) override {
    parts_.queue->flush(filter, std::move(done));
  }
  void hold(queue::Filter const& filter, queue::Queue::Counted done) override {
    parts_.queue->hold(filter, std::move(done));
  }
  void release(queue::Filter const& filter, queue::Queue::Counted done) override {
    parts_.queue->release(filter, std::move(done));
  }
  void remove(queue::Filter const& filter, bool bounce, queue::Queue::Counted done) override {
    parts_.queue->remove(filter, bounce, std::move(done));
  }

 private:
  Parts& parts_;
  Life const& life_;
  Orders orders_;
};

}  // namespace

std::unique_ptr<control::Operations> operations_on(Parts& parts, Life const& life, Orders orders) {
  return std::make_unique<PartsOperations>(parts, life, std::move(orders));
}

}  // namespace mailstack::serve
