#include <future>
#include <vector>

#include "daemon/queue/log_spool/log_spool.hpp"
#include "tests/bench/stores/store.hpp"

namespace mailstack::queue {
namespace {

class LogStore final : public Store {
 public:
  explicit LogStore(std::string const& directory) {
    SpoolOptions options;
    options.directory = directory;
    auto opened =
        LogSpool::open(options, [this](Recovered one) { found_.push_back(std::move(one)); });
    require(opened.has_value(), "open");
    spool_ = *std::move(opened);
  }
  void put(ItemId id, std::string state, Content content) override {
    std::promise<void> done;
    spool_->put(id, std::move(state), std::move(content), [&](Result<> const& result) {
      require(result.has_value(), "put");
      done.set_value();
    });
    done.get_future().get();
  }
  std::string read(ItemId id) override { return **spool_->read(id); }
  void update(ItemId id, std::string state) override { spool_->update(id, std::move(state)); }
  void remove(ItemId id) override { spool_->remove(id); }
  std::size_t recover() override { return found_.size(); }

 private:
  std::vector<Recovered> found_;
  std::unique_ptr<Spool> spool_;
};

}  // namespace

std::unique_ptr<Store> make_log_store(std::string const& directory) {
  return std::make_unique<LogStore>(directory);
}

}  // namespace mailstack::queue
