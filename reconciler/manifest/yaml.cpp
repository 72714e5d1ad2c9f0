#include "reconciler/manifest/yaml.hpp"

namespace mailstack::manifest {

namespace {

constexpr yaml::Words words{
    .noun = "manifest",
    .several_documents = "remove the `---`; `include:` splits a manifest over several files",
    .too_large = "name the manifest, or split it with `include:`",
    .too_many = "split it with `include:`",
    .repeated = "write what is common once below `defaults:`",
    .merge_key =
        "write what all domains share below `defaults.domain`, or repeat a whole value "
        "with `&name` and `*name`",
    .star = "quote it (`\"*\"`); the address for everybody else is `catch_all:`"};

}  // namespace

void too_large(std::string const& file, YamlLimits const& limits, Diagnostics& diagnostics) {
  yaml::too_large(file, limits, words, diagnostics);
}

std::optional<Node> parse_yaml(std::string const& file, std::string_view text,
                               Diagnostics& diagnostics, YamlLimits const& limits) {
  return yaml::parse(file, text, diagnostics, words, limits);
}

}  // namespace mailstack::manifest
