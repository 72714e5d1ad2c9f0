#include "daemon/serve/tree_watch.hpp"

#include "daemon/conf/signature.hpp"

namespace mailstack::serve {

TreeWatch::TreeWatch(net::Loop& loop, net::Pool& pool, std::string directory, std::string read,
                     std::vector<std::string> files, std::chrono::milliseconds interval,
                     std::function<void()> changed)
    : loop_(loop),
      pool_(pool),
      directory_(std::move(directory)),
      files_(std::move(files)),
      interval_(interval),
      changed_(std::move(changed)),
      read_(std::move(read)) {
  look_later();
}

void TreeWatch::was_read(std::string read, std::vector<std::string> files) {
  files_ = std::move(files);
  read_ = std::move(read);
}

void TreeWatch::look_later() {
  timer_ = loop_.after(interval_, [this] { look(); });
}

void TreeWatch::look() {
  // It may be gone when the thread has looked.
  bool const taken = pool_.run(
      [this, weak = std::weak_ptr(alive_), &loop = loop_, directory = directory_, files = files_] {
        auto seen = conf::tree_signature(directory) + conf::files_signature(files);
        loop.post([this, weak, now = std::move(seen)] {
          if (weak.expired()) return;
          bool const rests = now == seen_;
          seen_ = now;
          if (rests && now != read_) changed_();
          look_later();
        });
      });
  if (!taken) look_later();
}

}  // namespace mailstack::serve
