#include "daemon/smtp/data_reader.hpp"

#include <algorithm>
#include <array>

namespace mailstack::smtp {
namespace {

constexpr std::string_view received = "received";

constexpr std::array gravest_first{&replies::bare_line_end,      &replies::over_limit,
                                   &replies::header_over_limit,  &replies::nul_in_header,
                                   &replies::text_line_too_long, &replies::loop};

/// How many octets from the front are neither CR nor LF. One loop and not two searches: what holds
/// one of both only would be searched for the other again and again.
std::size_t run_length(std::string_view octets) {
  auto const end =
      std::find_if(octets.begin(), octets.end(), [](char c) { return c == '\r' || c == '\n'; });
  return static_cast<std::size_t>(end - octets.begin());
}

/// How many octets from the front are whole lines that go into a message as they are: no dot in
/// front, nothing bare, none longer than `longest` with its CRLF.
std::size_t plain_lines(std::string_view octets, std::size_t longest) {
  std::size_t at = 0;
  while (at < octets.size() && octets[at] != '.') {
    auto const end = octets.find('\n', at);
    if (end == octets.npos || end == at || octets.find('\r', at) != end - 1) break;
    if (end + 1 - at > longest) break;
    at = end + 1;
  }
  return at;
}

}  // namespace

void DataReader::flawed(replies::Fixed const& why) {
  flaw_ = *std::find_if(gravest_first.begin(), gravest_first.end(),
                        [&](auto const* one) { return one == &why || one == flaw_; });
}

void DataReader::look_at_header(std::string_view run) {
  for (std::size_t i = 0; i < run.size() && line_ + i < prefix_.size(); ++i)
    prefix_[line_ + i] = static_cast<char>(run[i] | 0x20);
  if (run.find('\0') != run.npos) flawed(replies::nul_in_header);
}

/// `run` holds no line end.
void DataReader::keep(std::string_view run, std::string& content) {
  if (in_header_) look_at_header(run);
  line_ += run.size();
  octets_ += run.size();
  if (limits_.text_line != 0 && line_ + 2 > limits_.text_line) flawed(replies::text_line_too_long);
  if (in_header_ && octets_ > limits_.header) flawed(replies::header_over_limit);
  if (octets_ > limits_.message) flawed(replies::over_limit);
  if (flaw_ == nullptr) content.append(run);
}

void DataReader::end_line(std::string& content) {
  if (in_header_) {
    // `|0x20` makes a tab a `)`, and leaves the space and the colon as they are.
    bool const names = std::string_view(prefix_.data(), received.size()) == received;
    if (line_ >= prefix_.size() && names &&
        std::string_view(": )").find(prefix_[8]) != std::string_view::npos &&
        ++received_ > limits_.received)
      flawed(replies::loop);
    if (line_ == 0) in_header_ = false;
  }
  line_ = 0;
  octets_ += 2;
  if (octets_ > limits_.message) flawed(replies::over_limit);
  if (flaw_ == nullptr) content.append("\r\n");
}

void DataReader::bare_line_feed(std::string& content) {
  if (!normalise_) flawed(replies::bare_line_end);
  end_line(content);
  state_ = State::text;  // not line_start: it must not begin what ends a message
}

void DataReader::bare_return(std::string& content) {
  if (!normalise_) flawed(replies::bare_line_end);
  keep(" ", content);
}

void DataReader::after_cr(char octet, std::string& content) {
  if (octet == '\n') {
    end_line(content);
    state_ = State::line_start;
    return;
  }
  bare_return(content);
  state_ = State::text;
  step(octet, content);
}

/// One octet where a run cannot be taken: around line ends and at their dots.
void DataReader::step(char octet, std::string& content) {
  switch (state_) {
    case State::line_start:
      state_ = State::text;
      if (octet == '.')
        state_ = State::dot;
      else
        step(octet, content);
      return;
    case State::text:
      if (octet == '\r')
        state_ = State::cr;
      else if (octet == '\n')
        bare_line_feed(content);
      else
        keep({&octet, 1}, content);
      return;
    case State::cr: return after_cr(octet, content);
    case State::dot:
      // The dot was there to protect the line, whatever follows it.
      state_ = State::text;
      if (octet == '\r')
        state_ = State::dot_cr;
      else
        step(octet, content);
      return;
    case State::dot_cr:
      if (octet == '\n')
        state_ = State::done;
      else
        after_cr(octet, content);
      return;
    case State::done: return;
  }
}

/// At the start of a line or inside of it: takes as many octets as one look can judge.
std::size_t DataReader::read_run(std::string_view octets, std::string& content) {
  if (state_ == State::line_start && !in_header_) {
    auto const longest = limits_.text_line == 0 ? octets.size() : limits_.text_line;
    auto const plain = plain_lines(octets, longest);
    if (plain != 0) {
      octets_ += plain;
      if (octets_ > limits_.message) flawed(replies::over_limit);
      if (flaw_ == nullptr) content.append(octets.substr(0, plain));
      return plain;
    }
  }
  auto const dot = state_ == State::line_start && octets.front() == '.';
  auto const run = dot ? 0 : run_length(octets);
  if (run == 0) {
    step(octets.front(), content);
    return 1;
  }
  keep(octets.substr(0, run), content);
  state_ = State::text;
  return run;
}

std::size_t DataReader::read(std::string_view octets, std::string& content) {
  std::size_t at = 0;
  while (at < octets.size() && !done()) {
    if (state_ == State::text || state_ == State::line_start) {
      at += read_run(octets.substr(at), content);
    } else {
      step(octets[at++], content);
    }
  }
  return at;
}

}  // namespace mailstack::smtp
