#include "daemon/delivery/local.hpp"

#include <utility>

namespace mailstack::delivery {

void Local::deliver(Job job, std::function<void(std::vector<Outcome>)> done) {
  std::vector<Outcome> outcomes(job.recipients.size(),
                                Outcome{{451, "4.3.5", "no local delivery yet"}, {}, false});
  doors_.loop->post([outcomes = std::move(outcomes), done = std::move(done)]() mutable {
    done(std::move(outcomes));
  });
}

}  // namespace mailstack::delivery
