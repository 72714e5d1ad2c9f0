#include "reconciler/manifest/codes.hpp"

namespace mailstack::manifest {

namespace {

// One entry a code: what it means, an example that fails, the one that works.
// `cname-beside-others` stands with the features, which meet it among derived records too.
constexpr Code all[] = {
    {"manifest-unreadable", "A file of the manifest cannot be read",
     "The manifest, or a file that `include:` names, is missing or closed to you. The cause says "
     "which path was tried.\n\nWithout `--manifest FILE` it is mailstack.yaml in the working "
     "directory. `mailstack init DOMAIN` writes a first one."},
    {"yaml-syntax", "This is not YAML",
     "The text breaks YAML's own rules, so nothing behind this place can be trusted; mend it "
     "first. Often the indentation does not fit the lines above, a bracket is not closed, or a "
     "text with `: ` or ` #` in it needs quotes.\n\n"
     "Wrong:  summary: mail: for all\nRight:  summary: \"mail: for all\""},
    {"yaml-tab", "A tab stands in the indentation",
     "YAML indents with spaces only (YAML 1.2, 6.1). Most editors can be told to insert spaces "
     "for the tab key."},
    {"yaml-character", "A character that text cannot hold",
     "The file holds octets that are not UTF-8, or a control character. Save it as UTF-8 with "
     "Unix (or Windows) line ends."},
    {"yaml-several-documents", "A manifest is one document",
     "A line `---` starts a second YAML document, which would be ignored by many programs. "
     "`include:` is the way to split a manifest over files."},
    {"yaml-key", "A key must be one word of text",
     "YAML allows lists, mappings and nothing at all as keys; a manifest does not.\n\n"
     "Wrong:  ? [a, b]\nRight:  a: …"},
    {"yaml-alias", "An alias that repeats itself",
     "`&name` gives a value a name and `*name` repeats it. Inside the value itself it would "
     "repeat for ever."},
    {"yaml-tag", "Tags mean nothing here",
     "`!!str` and its kin force a YAML type. The key table knows what each key is, so tags are "
     "refused. Quotes make a value text."},
    {"yaml-merge-key", "`<<` is not a key",
     "The merge key of YAML 1.1 was dropped from YAML 1.2, and programs disagree about what "
     "overrides what. Write what all domains share below `defaults.domain`:\n\n"
     "  defaults:\n    domain: {dmarc: {policy: quarantine}}"},
    {"yaml-too-large", "The manifest is larger than any real one",
     "Files are bounded: 16 MiB each, 64 MiB and 20,000 files together, 32 levels, 2,000,000 "
     "values, 100,000 of them repeated by aliases. The bounds keep a few lines of nested aliases "
     "from filling the memory of a pipeline."},
    {"duplicate-key", "A key stands twice",
     "YAML programs take the first, the last, or both; so the same file would mean different "
     "things to different people. Both places are shown; keep one. In files that are joined by "
     "`include:` each host, zone, provider and domain stands whole in one file.\n\n"
     "Wrong:  users: {i: {}, i: {}}\nRight:  users: {i: {}}"},
    {"include-no-match", "An include glob matches no file",
     "A glob that silently matches nothing would make every domain in those files vanish, and "
     "their records with them. Globs start at the directory of the manifest; `*` and `?` do not "
     "cross `/`, and hidden files are matched only by a pattern that starts with a dot."},
    {"include-outside", "An include leaves the manifest's directory",
     "What is included is part of the repository: its lines are shown in diagnostics, so a path to "
     "another place, or a symbolic link to one, would show other files to whoever reads the "
     "output. "
     "Put the file itself below the manifest.\n\nWrong:  include: /etc/mail/domains.yaml\nRight:  "
     "include: domains.d/*.yaml"},
    {"include-not-yaml", "An included file whose name is that of no manifest",
     "Diagnostics show lines of the files that are read, so only files that were meant as a part "
     "of "
     "a manifest are: their names end in .yaml or .yml. A glob that matches others too is refused "
     "as well, so that nothing is left out without a word.\n\n"
     "Wrong:  include: domains.d/*\nRight:  include: domains.d/*.yaml"},
    {"include-nested", "Only the main file includes others",
     "An included file cannot include further ones, so that one look at the main file shows "
     "everything that is read. Move the glob there."},
    {"unknown-key", "There is no such key here",
     "The key is misspelt, or stands at the wrong level: look at the indentation. "
     "`mailstack explain KEY` describes a key, docs/manifest.md all of them.\n\n"
     "Wrong:  hosts: {mx1: {fqn: smtp.example.org}}\n"
     "Right:  hosts: {mx1: {fqdn: smtp.example.org}}"},
    {"missing-key", "A key is required here",
     "Nothing safe can be assumed for this key, so it has to be said."},
    {"wrong-type", "The value has the wrong form",
     "The key takes another sort of value than what stands there. Only `true` and `false` are "
     "truth values (`yes` and `on` are text). A number does not start with 0, because some "
     "programs would read it as octal; in quotes it is text.\n\n"
     "Wrong:  ttl: \"300\"     Wrong:  ttl: 0300     Right:  ttl: 300"},
    {"out-of-range", "The number lies outside of its bounds",
     "The bounds are those of the protocol or of what makes sense; `mailstack explain KEY` names "
     "them."},
    {"unknown-choice", "Not one of the words that this key knows",
     "The key takes one of a few words; the remedy lists them.\n\n"
     "Wrong:  purge: everything\nRight:  purge: all"},
    {"literal-secret", "A secret stands in the manifest",
     "The manifest is committed, pushed and read by many, so no password or token may stand in "
     "it. Say where it is instead:\n\n"
     "  {credential: NAME}  $CREDENTIALS_DIRECTORY/NAME, else /etc/mailstack/credentials/NAME\n"
     "  {file: PATH}        a file that only its owner may read\n"
     "  {env: NAME}         an environment variable\n\n"
     "A user's password may also be {hash_file: PATH}; `mailstack user passwd` writes the hash.\n\n"
     "If the secret was committed already, change it at its owner: history keeps it."},
    {"secret-form", "A secret needs exactly one place",
     "Two ways to one secret could disagree, and none is no secret.\n\n"
     "Wrong:  token: {env: TOKEN, file: /etc/token}\nRight:  token: {env: TOKEN}"},
    {"not-supported-yet", "Planned, and not built in this version",
     "The key or value belongs to the design, and this version cannot do it. It is refused "
     "because ignoring it would leave you believing that it works. Remove it."},
    {"bad-name", "A name that cannot be used",
     "Names of hosts and providers become parts of addresses, paths and branch names: ASCII "
     "letters, digits, `-` and `_`. Names of users and aliases are local parts of addresses "
     "(RFC 8265): letters, digits and ASCII signs without spaces and `@`."},
    {"bad-domain", "Not a domain name that mail can use",
     "A mail domain and a host's name have at least two labels of letters, digits and `-` "
     "(RFC 5321 4.1.2). Umlauts and other scripts are welcome and become A-labels."},
    {"bad-address", "Not a mail address",
     "An address is `local@domain`. A local part with spaces or commas would need quotes, which "
     "the files of the mail daemon cannot hold.\n\n"
     "Wrong:  catch_all: me at example.net\nRight:  catch_all: me@example.net"},
    {"duplicate-name", "Two names that are the same name",
     "They differ in writing only: case and width do not count in user names (RFC 8265), and a "
     "domain may be written with umlauts or as an A-label. Keep one."},
    {"unknown-host", "Not a host of this manifest",
     "`applier:` names who writes to a provider: one of `hosts:`, or `ci` for a pipeline."},
    {"unknown-provider", "Not a provider of this manifest",
     "`provider:` of a zone is a name from `dns.providers`, or `external` for a zone that "
     "somebody else holds; the plan then says what its owner must publish."},
    {"zone-without-provider", "Nobody is said to hold a zone",
     "With one provider, that one holds all zones. With several, `dns.zones` says which holds "
     "which:\n\n  dns:\n    zones:\n      example.org: {provider: cf}"},
    {"no-provider", "No DNS provider is named",
     "Records cannot be published without one. The plan lists what the owners of the zones have "
     "to publish by hand."},
    {"ignore-syntax", "An ignore line that cannot be read",
     "A line is NAME-GLOB, then types with commas, then a VALUE-GLOB for the rest; the last two "
     "may be left out, and `*` means any.\n\n"
     "  ignore: [\"*.dev\", \"@ CAA\", \"_acme-challenge* TXT\", \"@ TXT google-*\"]"},
    {"record-syntax", "A record that cannot be read",
     "`records:` holds lines of a zone file (RFC 1035, 5): NAME [TTL] [IN] TYPE DATA. A TXT "
     "stands in quotes, because `;` starts a comment and blanks between words would be "
     "lost.\n\nWrong:  @ TXT v=spf1 mx ~all\nRight:  @ TXT \"v=spf1 mx ~all\""},
    {"record-outside-zone", "A record of another zone",
     "A name without a final dot is completed with the zone, one with a dot is absolute. This one "
     "is absolute and lies elsewhere; write it at its own zone."},
    {"record-not-ours", "A record that the DNS host makes itself",
     "SOA, and what a signer makes (RRSIG, NSEC, DNSKEY, CDS …), belong to the DNS host."},
    {"record-twice", "A record stands here twice",
     "DNS holds each value once; the second line changes nothing."},
    {"ttl-differs", "One RRset, two TTLs",
     "All records of one name and type are sent together and have one TTL (RFC 2181 5.2)."},
    {"cname-at-apex", "No CNAME at the zone itself",
     "SOA and NS stand at the zone's own name, and a CNAME tolerates nothing beside it "
     "(RFC 1034 3.6.2). Write A and AAAA there."},
    {"parked-with-users", "A domain without mail has users",
     "`mail: none` publishes a null MX and `v=spf1 -all`: nobody can write to or from it. Remove "
     "the users and aliases, or `mail: none`."},
    {"hash-form", "Not a usable password hash",
     "The form is `$scrypt$ln=14,r=8,p=1$SALT$KEY`, salt and key in base64. The cost is bounded, "
     "so that a hash cannot be made to stop the mail daemon. `mailstack user passwd ADDRESS` "
     "writes one."},
    {"hash-file-unreadable", "The file with a password's hash cannot be read",
     "`hash_file:` is relative to the directory of the manifest and is committed with it. "
     "`mailstack user passwd ADDRESS` writes it."},
    {"alias-hides-user", "An alias has the name of a user",
     "An alias comes first, so mail for the name goes on and nothing arrives in a mailbox; the "
     "user can log in and send. That is often what is wanted; nothing has to be done."},
    {"alias-loop", "Mail would go in a circle",
     "The daemon follows aliases at most ten steps and then refuses the mail with 451. An alias "
     "that names itself does not mean the mailbox of that name, but the alias again.\n\n"
     "Wrong:  aliases: {a: b, b: a}\nRight:  aliases: {a: b, b: me@example.net}"},
    {"unknown-recipient", "An alias leads to nobody",
     "The recipient lies in a domain of this manifest that has neither a user nor an alias of "
     "that name. Without a catch-all its mail would be refused; with one it goes there. The "
     "catch-all's own recipient must exist: it would catch its own mail for ever."},
    {"send-as-foreign", "Sending as a domain that is not ours",
     "Mail with a sender of a foreign domain passes neither its SPF nor its DKIM, so DMARC fails "
     "it. `send_as:` holds addresses of the domains of this manifest."},
};

}  // namespace

std::span<Code const> codes() { return all; }

}  // namespace mailstack::manifest
