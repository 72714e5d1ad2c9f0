#pragma once
/// \file
/// Operations over a few messages in memory.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/glob/glob.hpp"
#include "daemon/control/operations.hpp"

namespace mailstack::control {

/// Notes what was asked. Of filters it knows id, sender (as a glob) and held.
class OperationsTwin : public Operations {
 public:
  OperationsTwin() {
    queue::Recipient greylisted;
    greylisted.address = "there@remote.example";
    greylisted.original = "team@example.org";
    greylisted.attempts = 2;
    greylisted.next = TimePoint(Duration(1'795'724'400));
    greylisted.last_reply = "450 4.2.0 greylisted";
    greylisted.last_host = "mx.remote.example";
    queue::Recipient done;
    done.address = "i@example.org";
    done.way = queue::Way::local;
    done.status = queue::RecipientStatus::delivered;
    done.attempts = 1;
    queue::Entry first;
    first.id = queue::ItemId{1'795'723'200} << 30U;  // as the spool begins a life
    first.envelope.sender = "bob@example.org";
    first.envelope.recipients = {greylisted, done};
    first.envelope.created = TimePoint(Duration(1'795'723'200));
    first.envelope.user = "bob@example.org";
    first.envelope.message_id = "<1@example.org>";
    first.octets = 4'096;
    first.next = greylisted.next;
    queue::Entry second;
    second.id = first.id + 7;
    second.envelope.recipients = {greylisted};
    second.envelope.created = TimePoint(Duration(1'795'723'260));
    second.envelope.held = true;
    second.envelope.bounce = true;
    second.octets = 900;
    entries = {{first.id, first}, {second.id, second}};
    state.version = "1.0.0";
    state.pid = 4711;
    state.started = TimePoint(Duration(1'795'700'000));
    state.loaded = TimePoint(Duration(1'795'720'000));
    state.ready = true;
    state.listeners = {{"192.0.2.1:25", "smtp"}, {"192.0.2.1:465", "submissions"}};
    state.digests = {{"chasquid.conf", std::string(64, 'a')},
                     {"domains/example.org/users", std::string(64, 'b')}};
    state.problems = {
        {"/etc/mailstackd/domains/example.org/aliases", "no ':' between name and recipients", 3, 0,
         "write `name: address, address` or `name: | command`; the aliases of before stay"}};
    state.keys = {{"example.org", "202611e", true, ""},
                  {"example.org", "202612e", false, "no TXT at 202612e._domainkey.example.org"}};
    state.spool = {2, 4'996, 1'048'576, 11, 12};
  }

  Status status() override { return state; }
  void reload(std::function<void(conf::Problems const&)> done) override {
    did.emplace_back("reload");
    if (hold_back) return held.push_back([this, done] { done(state.problems); });
    done(state.problems);
  }
  void stop() override { did.emplace_back("stop"); }
  std::string metrics(Exposition form) override {
    return form == Exposition::prometheus ? "# TYPE a counter\na 1\n" : "# EOF\n";
  }
  queue::Page list(queue::Filter const& filter, queue::ItemId after, std::size_t most) override {
    queue::Page page;
    for (auto const& [id, entry] : entries) {
      if (id <= after || !matches(filter, entry)) continue;
      if (page.entries.size() == most) {
        page.next = page.entries.back().id;
        break;
      }
      page.entries.push_back(entry);
    }
    return page;
  }
  Result<queue::Entry> show(queue::ItemId id) override {
    auto const found = entries.find(id);
    if (found == entries.end()) return fail(ErrorCode::not_found, "no such message in the queue");
    return found->second;
  }
  void content(queue::ItemId id, Make make, std::function<void(std::string)> done) override {
    if (hold_back)
      return held.push_back([this, id, make = std::move(make), done = std::move(done)] {
        done(make(content_of(id)));
      });
    done(make(content_of(id)));
  }
  queue::QueueStats stats(std::size_t most_destinations) override {
    queue::QueueStats stats;
    stats.items = entries.size();
    stats.held = 1;
    stats.waiting = 1;
    stats.octets = 4'996;
    stats.oldest = Duration(1'260);
    if (most_destinations > 0)
      stats.destinations = {{"remote.example", 2, 0, 0, 5, TimePoint(Duration(1'795'724'400)),
                             "450 4.2.0 greylisted"}};
    return stats;
  }
  void flush(queue::Filter const& filter, queue::Queue::Counted done) override {
    done(act("flush", filter));
  }
  void hold(queue::Filter const& filter, queue::Queue::Counted done) override {
    done(act("hold", filter));
  }
  void release(queue::Filter const& filter, queue::Queue::Counted done) override {
    done(act("release", filter));
  }
  void remove(queue::Filter const& filter, bool bounce, queue::Queue::Counted done) override {
    done(act(bounce ? "remove and tell" : "remove", filter));
  }

  std::map<queue::ItemId, queue::Entry> entries;
  Status state;
  std::string message = "Subject: hello\r\n\r\nHi.\r\n";
  std::vector<std::string> did;
  bool hold_back = false;  ///< a reload, or a content, comes only when what is held is called
  std::vector<std::function<void()>> held;

 private:
  [[nodiscard]] Result<queue::Content> content_of(queue::ItemId id) const {
    if (!entries.contains(id)) return fail(ErrorCode::not_found, "no such message in the queue");
    return std::make_shared<std::string const>(message);
  }
  static bool matches(queue::Filter const& filter, queue::Entry const& entry) {
    if (filter.id && *filter.id != entry.id) return false;
    if (filter.held && *filter.held != entry.envelope.held) return false;
    return filter.sender.empty() ||
           glob::matches(filter.sender,
                         entry.envelope.sender.empty() ? "<>" : entry.envelope.sender);
  }
  static bool changes(std::string const& what, queue::Entry const& entry) {
    if (what == "release") return entry.envelope.held;
    return what.starts_with("remove") || !entry.envelope.held;
  }
  std::size_t act(std::string const& what, queue::Filter const& filter) {
    std::size_t count = 0;
    for (auto const& [id, entry] : entries)
      count += matches(filter, entry) && changes(what, entry) ? 1 : 0;
    did.push_back(what + " " + std::to_string(count));
    return count;
  }
};

}  // namespace mailstack::control
