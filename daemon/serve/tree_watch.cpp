#include "daemon/serve/tree_watch.hpp"

#include "daemon/conf/signature.hpp"

namespace mailstack::serve {

namespace {

constexpr std::chrono::seconds look_interval{5};

}  // namespace

TreeWatch::TreeWatch(net::Loop& loop, net::Pool& pool, std::string directory, std::string read,
                     std::function<void()> changed)
    : loop_(loop),
      pool_(pool),
      directory_(std::move(directory)),
      changed_(std::move(changed)),
      read_(std::move(read)) {
  look_later();
}

void TreeWatch::look_later() {
  timer_ = loop_.after(look_interval, [this] { look(); });
}

void TreeWatch::look() {
  bool const taken = pool_.run([this] {
    loop_.post([this, now = conf::tree_signature(directory_)] {
      bool const rests = now == seen_;
      seen_ = now;
      if (rests && now != read_) changed_();
      look_later();
    });
  });
  if (!taken) look_later();
}

}  // namespace mailstack::serve
