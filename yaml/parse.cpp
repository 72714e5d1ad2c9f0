#include "yaml/parse.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>  // parser.h only names it; clang-tidy took ours for it
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "yaml/source_text.hpp"
#include "yaml/utf8.hpp"

namespace mailstack::yaml {

namespace {

/// Ends the parse from inside a callback; the diagnostic has been written.
struct Abandoned {};

Place place_of(SourceText const& source, YAML::Mark const& mark, std::size_t octets) {
  if (mark.is_null()) return source.place(0, 0, 0);
  return source.place(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column),
                      octets);
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(SourceText const& source, Diagnostics& diagnostics, Words const& words,
              Limits const& limits)
      : source_(source), diagnostics_(diagnostics), words_(words), limits_(limits) {}

  [[nodiscard]] Node take() { return std::move(root_); }

  void OnDocumentStart(YAML::Mark const& mark) override {
    if (++documents_ == 1) return;
    auto& found = diagnostics_.error("yaml-several-documents", place_of(source_, mark, 3),
                                     "a second document starts here");
    found.cause = "a " + std::string(words_.noun) + " is one YAML document";
    found.remedy = words_.several_documents;
    throw Abandoned{};
  }
  void OnDocumentEnd() override {}

  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    if (wants_key()) return reject_key(mark, "a key is missing");
    Node node;
    node.place = open_.empty() || open_.back().node.shape == Node::Shape::sequence
                     ? place_of(source_, mark, 0)
                     : open_.back().key_place;
    finish(std::move(node), anchor, 1);
  }

  void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    if (wants_key()) return reject_key(mark, "an alias cannot be a key");
    auto const found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      auto& error = diagnostics_.error("yaml-alias", alias_place(mark),
                                       "this alias stands inside the value that it repeats");
      error.cause = "it would repeat itself for ever";
      error.remedy = "write the value out, or name it (`&name`) further in";
      throw Abandoned{};
    }
    repeated_ += found->second.nodes;
    if (repeated_ > limits_.repeated_nodes) {
      auto& error = diagnostics_.error(
          "yaml-too-large", alias_place(mark),
          "aliases repeat more than " + std::to_string(limits_.repeated_nodes) + " values");
      error.cause = "a few lines of nested aliases can fill any memory";
      error.remedy = words_.repeated;
      throw Abandoned{};
    }
    Node copy = found->second.node;
    copy.aliased = true;
    count(found->second.nodes - 1, copy.place);
    finish(std::move(copy), YAML::NullAnchor, found->second.nodes);
  }

  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& value) override {
    check_tag(mark, tag);
    Node node;
    node.shape = Node::Shape::scalar;
    node.quoted = tag == "!";
    node.scalar = value;
    locate(mark, node);
    if (wants_key()) return take_key(std::move(node));
    finish(std::move(node), anchor, 1);
  }

  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    start(mark, tag, anchor, style, Node::Shape::sequence);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    start(mark, tag, anchor, style, Node::Shape::mapping);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::size_t nodes = 1;
    bool is_key = false;   ///< a mapping or list where a key should stand: read over
    bool has_key = false;  ///< the next value belongs to `key`
    bool dropped = false;  ///< … and is read over, because the key was refused
    std::string key;
    Place key_place;
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 1;
  };

  [[nodiscard]] bool wants_key() const {
    return !open_.empty() && open_.back().node.shape == Node::Shape::mapping &&
           !open_.back().has_key;
  }

  /// What stands inside a key that was refused is not called wrong once more.
  [[nodiscard]] bool inside_key() const {
    return std::any_of(open_.begin(), open_.end(), [](Open const& one) { return one.is_key; });
  }

  [[nodiscard]] Place alias_place(YAML::Mark const& mark) const {
    std::string_view const line = source_.line(static_cast<std::size_t>(mark.line));
    auto const column = std::min(static_cast<std::size_t>(mark.column), line.size());
    std::size_t const end = std::min(line.find_first_of(" \t,]}", column), line.size());
    return place_of(source_, mark, end - column);
  }

  void check_tag(YAML::Mark const& mark, std::string const& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    auto& error = diagnostics_.error("yaml-tag", place_of(source_, mark, 1),
                                     "a tag (`!…`) says nothing in a " + std::string(words_.noun));
    error.cause = "the key table knows the type of each value";
    error.remedy = "remove it; quotes make a value text";
  }

  void reject_key(YAML::Mark const& mark, std::string const& why) {
    auto& error = diagnostics_.error("yaml-key", place_of(source_, mark, 1), why);
    error.cause = "a key is one word of text";
    error.remedy = "write `key: value`";
    open_.back().has_key = true;
    open_.back().dropped = true;
  }

  void take_key(Node key) {
    Open& top = open_.back();
    top.has_key = true;
    top.dropped = false;
    top.key_place = key.place;
    if (key.scalar == "<<" && !key.quoted) {
      auto& error =
          diagnostics_.error("yaml-merge-key", key.place, "`<<` is not a key of YAML 1.2");
      error.cause = "programs disagree about what it overrides";
      error.remedy = words_.merge_key;
      top.dropped = true;
    } else if (Node::Entry const* first = top.node.entry(key.scalar)) {
      auto& error = diagnostics_.error("duplicate-key", key.place,
                                       "`" + key.scalar + "` stands here a second time");
      error.cause = "some programs take the first, some the last";
      error.remedy = "keep one of the two";
      error.related.emplace_back(first->key_place, "first here");
      top.dropped = true;
    }
    top.key = std::move(key.scalar);
  }

  /// Where the text of a scalar stands, and how it is written.
  void locate(YAML::Mark const& mark, Node& node) const {
    auto line_number = static_cast<std::size_t>(std::max(mark.line, 0));
    std::string_view line = source_.line(line_number);
    std::size_t column = std::min(
        skip_properties(line, static_cast<std::size_t>(std::max(mark.column, 0))), line.size());
    char const first = column < line.size() ? line[column] : ' ';
    std::size_t octets = 0;
    if (node.quoted && (first == '|' || first == '>')) {
      node.style = first == '|' ? Node::Style::literal : Node::Style::folded;
      column = block_indentation(++line_number);
      line = source_.line(line_number);
      octets = line.size() - std::min(column, line.size());
    } else if (node.quoted && (first == '"' || first == '\'')) {
      node.style = Node::Style::quoted;
      octets = quoted_length(line_number, column);
    } else {
      octets = plain_length(line, column, node.scalar);
    }
    node.place = source_.place(line_number, column, octets);
  }

  /// Of the quoted scalar that starts here, as far as it stands on this line.
  [[nodiscard]] std::size_t quoted_length(std::size_t line, std::size_t column) const {
    auto const start = source_.offset(line, column);
    auto const rest = source_.line(line).size() - column;
    auto const end = quote_end(source_.text(), start);
    if (end != std::string_view::npos) return std::min(end - start, rest);
    auto& error = diagnostics_.error("yaml-syntax", source_.place(line, column, 1),
                                     "this quote is never closed");
    error.cause = "everything up to the end of the file would belong to the text";
    error.remedy = "write the closing quote";
    return rest;
  }

  /// Of the block scalar whose text starts at `first`: that of its first line that is not blank.
  [[nodiscard]] std::size_t block_indentation(std::size_t first) const {
    for (std::size_t at = first; at < source_.line_count(); ++at) {
      std::size_t const column = source_.line(at).find_first_not_of(' ');
      if (column != std::string_view::npos) return column;
    }
    return 0;
  }

  void start(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
             YAML::EmitterStyle::value style, Node::Shape shape) {
    check_tag(mark, tag);
    if (open_.size() >= limits_.depth) {
      auto& error = diagnostics_.error(
          "yaml-too-large", place_of(source_, mark, 1),
          "values are nested deeper than " + std::to_string(limits_.depth) + " levels");
      error.cause = "no " + std::string(words_.noun) + " needs so many";
      error.remedy = "look for brackets that are opened too often";
      throw Abandoned{};
    }
    bool const is_key = wants_key();
    if (is_key && !inside_key()) reject_key(mark, "a list or a mapping cannot be a key");
    if (is_key) open_.back().has_key = open_.back().dropped = true;
    Open fresh;
    fresh.is_key = is_key;
    fresh.anchor = anchor;
    fresh.node.shape = shape;
    bool const flow = style == YAML::EmitterStyle::Flow;
    fresh.node.style = flow ? Node::Style::flow : Node::Style::block;
    fresh.node.place = place_of(source_, mark, 1);
    if (flow && !mark.is_null()) {
      auto const line = source_.line(static_cast<std::size_t>(mark.line));
      fresh.node.place.at.column =
          static_cast<unsigned>(skip_properties(line, static_cast<std::size_t>(mark.column)) + 1);
    }
    open_.push_back(std::move(fresh));
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.is_key) return;
    // A block mapping with an anchor is marked at the anchor; its text starts at the first key.
    if (done.node.style == Node::Style::block && !done.node.entries.empty())
      done.node.place = done.node.entries.front().key_place;
    finish(std::move(done.node), done.anchor, done.nodes);
  }

  /// `nodes` is the size of the whole value; all but its root have been counted.
  void finish(Node node, YAML::anchor_t anchor, std::size_t nodes) {
    count(1, node.place);
    if (anchor != YAML::NullAnchor) anchored_[anchor] = {node, nodes};
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = open_.back();
    top.nodes += nodes;
    if (top.node.shape == Node::Shape::sequence) {
      top.node.items.push_back(std::move(node));
      return;
    }
    if (!top.dropped)
      top.node.entries.push_back({std::move(top.key), top.key_place, std::move(node)});
    top.has_key = false;
    top.dropped = false;
  }

  void count(std::size_t fresh, Place const& place) {
    total_ += fresh;
    if (total_ <= limits_.nodes) return;
    auto& error =
        diagnostics_.error("yaml-too-large", place,
                           "more than " + std::to_string(limits_.nodes) + " values in one file");
    error.cause = "the bound keeps a file from filling the memory";
    error.remedy = words_.too_many;
    throw Abandoned{};
  }

  SourceText const& source_;
  Diagnostics& diagnostics_;
  Words const& words_;
  Limits const& limits_;
  Node root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchored_;
  std::size_t repeated_ = 0;
  std::size_t total_ = 0;
  unsigned documents_ = 0;
};

/// The octet that YAML does not allow and yaml-cpp would stop at or read over, with the reason.
std::optional<std::pair<std::size_t, std::string>> illegal_octet(std::string_view text) {
  if (auto const bad = first_invalid_utf8(text)) return {{*bad, "this is not UTF-8"}};
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto const octet = static_cast<unsigned char>(text[at]);
    if (octet >= 0x20 && octet != 0x7f) continue;
    if (octet == '\n' || octet == '\t') continue;
    if (octet == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    return {{at, "a control character stands here"}};
  }
  return std::nullopt;
}

/// The place of the tab in the indentation of `line`, or nowhere.
std::optional<std::size_t> tab_in_indentation(std::string_view line) {
  std::size_t const tab = line.substr(0, line.find_first_not_of(" \t")).find('\t');
  if (tab == std::string_view::npos) return std::nullopt;
  return tab;
}

void report_syntax(YAML::ParserException const& broken, SourceText const& source,
                   Words const& words, Diagnostics& diagnostics) {
  auto const at = static_cast<std::size_t>(std::max(broken.mark.line, 0));
  for (std::size_t line : {at, at == 0 ? at : at - 1}) {
    auto const tab = tab_in_indentation(source.line(line));
    if (!tab) continue;
    auto& error = diagnostics.error("yaml-tab", source.place(line, *tab, 1),
                                    "a tab stands in the indentation");
    error.cause = "YAML 1.2, 6.1: only spaces indent";
    error.remedy = "use spaces";
    return;
  }
  std::string_view const rest = source.line(at).substr(
      std::min(static_cast<std::size_t>(std::max(broken.mark.column, 0)), source.line(at).size()));
  auto& error = diagnostics.error("yaml-syntax", place_of(source, broken.mark, 1), broken.msg);
  error.cause = "the text breaks YAML's rules here, so nothing behind it can be read";
  error.remedy = "look at indentation, brackets and quotes here and in the line above";
  if (rest.starts_with("*")) {
    error.message = "`*` starts an alias here";
    error.cause = "`*name` repeats what `&name` named";
    error.remedy = words.star;
  } else if (broken.msg == "illegal map value") {
    error.message = "a `:` where no key can end";
    error.cause = "the indentation does not fit, or a text with `: ` in it needs quotes";
  } else if (broken.msg.starts_with("end of")) {
    error.cause = "a bracket is not closed, or the indentation does not fit the lines above";
  }
}

}  // namespace

void too_large(std::string const& file, Limits const& limits, Words const& words,
               Diagnostics& diagnostics) {
  auto& error =
      diagnostics.error("yaml-too-large", {{file, 0, 0}, 0},
                        "the file is larger than " + std::to_string(limits.octets >> 20) + " MiB");
  error.cause = "no " + std::string(words.noun) + " that people write is so large";
  error.remedy = words.too_large;
}

std::optional<Node> parse(std::string const& file, std::string_view text, Diagnostics& diagnostics,
                          Words const& words, Limits const& limits) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.size() > limits.octets) {
    too_large(file, limits, words, diagnostics);
    return std::nullopt;
  }
  SourceText const source(file, text);
  if (auto const bad = illegal_octet(text)) {
    // yaml-cpp takes octet 4 for the end of the file and would drop the rest without a word.
    auto& error = diagnostics.error("yaml-character", source.place_of(bad->first, 1), bad->second);
    error.cause = "a " + std::string(words.noun) + " is text that people and programs read alike";
    error.remedy = "save the file as UTF-8 text with Unix line ends";
    return std::nullopt;
  }
  TreeBuilder builder(source, diagnostics, words, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Abandoned const&) {
    return std::nullopt;
  } catch (YAML::ParserException const& broken) {
    report_syntax(broken, source, words, diagnostics);
    return std::nullopt;
  }
  return builder.take();
}

}  // namespace mailstack::yaml
