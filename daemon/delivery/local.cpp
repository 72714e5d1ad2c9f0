#include "daemon/delivery/local.hpp"

#include <unistd.h>

#include <utility>

#include "core/userdb/command.hpp"
#include "daemon/delivery/mailbox.hpp"
#include "daemon/delivery/program.hpp"
#include "daemon/policy/pipe.hpp"

namespace mailstack::delivery {

namespace {

/// One recipient's share of a job: all that its thread needs.
struct Share {
  std::shared_ptr<conf::Snapshot const> conf;
  std::shared_ptr<Maildirs> maildirs;
  std::shared_ptr<std::vector<std::string> const> environment;
  std::shared_ptr<Curfew const> curfew;
  std::string sender;
  queue::Recipient recipient;
  queue::Content content;
};

Outcome run(Share const& share, std::vector<std::string> argv, std::string const& recipient) {
  auto const& settings = share.conf->settings;
  auto const message = mailbox_message(share.sender, recipient, *share.content);
  Program program;
  program.argv = std::move(argv);
  program.environment = policy::pipe_environment(*share.environment, share.sender, recipient,
                                                 settings.suffix_separators);
  program.directory = settings.directory;
  program.input = message;
  program.limit = settings.delivery.pipe_timeout;
  program.curfew = share.curfew;
  auto const ran = run_program(program);
  bool const cut = ran.end.how == policy::ProgramEnd::How::cut;
  return {.reply = policy::pipe_reply(ran.end, ran.output),
          .host = program.argv.empty() ? std::string() : program.argv.front(),
          .cut = !cut        ? Outcome::Cut::none
                 : ran.begun ? Outcome::Cut::midway
                             : Outcome::Cut::unbegun};
}

smtp::Reply to_maildir(Share const& share, Names const& names) {
  auto const path = maildir_path(share.conf->settings.delivery.maildir, names.to);
  if (!path) return {550, "5.1.1", path.error().what};
  return share.maildirs->put(*path, mailbox_message(names.from, names.to, *share.content));
}

Outcome carry_out(Share const& share) {
  auto const& delivery = share.conf->settings.delivery;
  auto const& recipient = share.recipient;
  if (recipient.way == queue::Way::pipe)
    return run(share, userdb::command_words(recipient.address), recipient.original);
  Names const names{share.sender, recipient.address};
  if (delivery.local == conf::Settings::Delivery::Local::maildir)
    return {.reply = to_maildir(share, names), .host = {}};
  std::vector<std::string> argv{delivery.mda};
  for (auto& argument : mda_arguments(delivery.mda_arguments, names))
    argv.push_back(std::move(argument));
  return run(share, std::move(argv), recipient.address);
}

/// The outcomes of a job as they come together, on the loop.
struct Gathered {
  std::vector<Outcome> outcomes;
  std::size_t open = 0;
  std::function<void(std::vector<Outcome>)> done;

  void put(std::size_t recipient, Outcome outcome) {
    outcomes[recipient] = std::move(outcome);
    if (--open == 0) done(std::move(outcomes));
  }
};

}  // namespace

Local::Local(CourierDoors& doors) : doors_(doors) {
  maildirs_ = std::make_shared<Maildirs>(doors.conf()->settings.hostname);
  auto environment = std::make_shared<std::vector<std::string>>();
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) environment->emplace_back(*at);
  environment_ = std::move(environment);
}

void Local::deliver(Job job, std::function<void(std::vector<Outcome>)> done) {
  auto const gathered = std::make_shared<Gathered>();
  gathered->outcomes.resize(job.recipients.size());
  gathered->open = job.recipients.size();
  gathered->done = std::move(done);
  auto const conf = doors_.conf();
  for (std::size_t i = 0; i < job.recipients.size(); ++i) {
    auto share =
        std::make_shared<Share>(Share{conf, maildirs_, environment_, doors_.curfew, job.sender,
                                      std::move(job.recipients[i]), job.content});
    auto const tell = [loop = doors_.loop, alive = std::weak_ptr(alive_), gathered,
                       i](Outcome outcome) {
      loop->post([alive, gathered, i, outcome = std::move(outcome)]() mutable {
        if (alive.lock()) gathered->put(i, std::move(outcome));
      });
    };
    auto const work = [share = std::move(share), tell] { tell(carry_out(*share)); };
    if (!doors_.offload || !doors_.offload(work))
      tell({.reply = {451, "4.3.2", "too much is being delivered at once"}, .host = {}});
  }
}

}  // namespace mailstack::delivery
