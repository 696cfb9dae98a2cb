// What is wrong with a YAML file before anyone asks for its sections.
#include "tests/unit/rejects_fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lustrum;
using namespace lustrum::rejects;

TEST_CASE("rejects_broken_syntax") {
  CHECK(said_of_file(R"(storage:
  a: [1, 2
b: 3
)") ==
        R"(error[E101]: not valid YAML: end of sequence flow not found
  --> f.yaml:3:2
   3 | b: 3
     |  ^
)");
  CHECK(said_of_file("a: b: c\n") ==
        R"(error[E101]: not valid YAML: illegal map value
  --> f.yaml:1:5
   1 | a: b: c
     |     ^
)");
  CHECK(said_of_file("a: *nope\n") ==
        R"(error[E101]: not valid YAML: the referenced anchor is not defined
  --> f.yaml:1:4
   1 | a: *nope
     |    ^
)");
}

TEST_CASE("rejects_tabs_for_indentation") {
  CHECK(said_of_file("a:\n\tb: 1\n") ==
        R"(error[E101]: not valid YAML: illegal map value
  --> f.yaml:2:3
   2 |  b: 1
     |   ^ YAML is indented with spaces, not tabs
)");
}

TEST_CASE("rejects_duplicate_keys_at_every_level") {
  CHECK(said_of_file(R"(a: 1
b:
  c: 1
  d: {e: 1, e: 2}
  c: 3
a: 4
f:
  - x: 1
    x: 2
)") ==
        R"(error[E102]: duplicate key `e` in `b.d`
  --> f.yaml:4:13
   4 |   d: {e: 1, e: 2}
     |             ^
note: first given here
  --> f.yaml:4:7
   4 |   d: {e: 1, e: 2}
     |       ^

error[E102]: duplicate key `c` in `b`
  --> f.yaml:5:3
   5 |   c: 3
     |   ^
note: first given here
  --> f.yaml:3:3
   3 |   c: 1
     |   ^

error[E102]: duplicate key `a` at the top level
  --> f.yaml:6:1
   6 | a: 4
     | ^
note: first given here
  --> f.yaml:1:1
   1 | a: 1
     | ^

error[E102]: duplicate key `x` in `f[0]`
  --> f.yaml:9:5
   9 |     x: 2
     |     ^
note: first given here
  --> f.yaml:8:5
   8 |   - x: 1
     |     ^
)");
}

TEST_CASE("rejects_merge_keys") {
  CHECK(said_of_file(R"(base: &base {a: 1}
x:
  <<: *base
  b: 2
)") ==
        R"(error[E101]: merge key `<<` in `x` is not supported
  --> f.yaml:3:3
   3 |   <<: *base
     |   ^^ write the keys out, or refer to a whole value with `*name`
)");
}

TEST_CASE("rejects_tags") {
  CHECK(said_of_file(R"(a: !!int 5
b: !mine {c: 1}
)") ==
        R"(error[E101]: tags are not supported
  --> f.yaml:1:4
   1 | a: !!int 5
     |    ^ remove it: the type follows from the key

error[E101]: tags are not supported
  --> f.yaml:2:4
   2 | b: !mine {c: 1}
     |    ^ remove it: the type follows from the key
)");
}

TEST_CASE("rejects_a_second_document") {
  CHECK(said_of_file(R"(a: 1
---
b: 2
)") ==
        R"(error[E101]: a second document in one file
  --> f.yaml:3:1
   3 | b: 2
     | ^ remove `---` or split the file
)");
}

TEST_CASE("rejects_keys_that_are_no_text") {
  CHECK(said_of_file(R"(? [a, b]
: 1
? {c: d}
: 2
~: 3
)") ==
        R"(error[E105]: a key must be a plain text
  --> f.yaml:1:3
   1 | ? [a, b]
     |   ^

error[E105]: a key must be a plain text
  --> f.yaml:3:3
   3 | ? {c: d}
     |   ^

error[E105]: a key must be a plain text
  --> f.yaml:5:1
   5 | ~: 3
     | ^
)");
}

TEST_CASE("rejects_an_alias_inside_its_anchor") {
  CHECK(said_of_file("a: &a [1, *a]\n") ==
        R"(error[E101]: an alias refers to what contains it
  --> f.yaml:1:11
   1 | a: &a [1, *a]
     |           ^
)");
}

TEST_CASE("rejects_control_characters") {
  CHECK(said_of_file("a: 1\nb: x\x04"
                     "y\n") ==
        R"(error[E101]: not valid YAML: control character U+0004
  --> f.yaml:2:5
   2 | b: x?y
     |     ^
)");
}

TEST_CASE("rejects_text_that_is_not_utf8") {
  CHECK(said_of_file("a: 1\nb: \xE9"
                     "\n") ==
        R"(error[E101]: not valid YAML: the text is not UTF-8
  --> f.yaml:2:1
)");
}

TEST_CASE("rejects_an_empty_file") {
  CHECK(said_of_file("") ==
        R"(error[E105]: the file is empty
  --> f.yaml
)");
  CHECK(said_of_file("# nothing\n") ==
        R"(error[E105]: the file is empty
  --> f.yaml
)");
}

TEST_CASE("rejects_deep_nesting") {
  CHECK(said_of_file(std::string(5000, '['))
            .starts_with("error[E101]: not valid YAML: nested too deeply\n"));
}

TEST_CASE("rejects_a_file_that_is_not_there") {
  Diagnostics diagnostics;
  const YamlDocument scenario = YamlDocument::parse("job: no/such.yaml\n", "f.yaml", diagnostics);
  const YamlNode job = scenario.root().get("job");
  const YamlDocument absent = YamlDocument::load(std::string{job.text()}, diagnostics, job.span());
  CHECK_FALSE(absent.root());
  CHECK(YamlDocument::load(".", diagnostics).root().entries().empty());
  CHECK(diagnostics.render() == R"(error[E110]: cannot read `no/such.yaml`: there is no such file
  --> f.yaml:1:6
   1 | job: no/such.yaml
     |      ^^^^^^^^^^^^

error[E110]: cannot read `.`: it is a folder
)");
}

TEST_CASE("accepts aliases, a byte order mark and any line end") {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse("\xEF\xBB\xBF"
                                                "a: &x {b: [1, 2]}\r\nc: *x\r\n",
                                                "f.yaml", diagnostics);
  CHECK(diagnostics.render().empty());
  const YamlNode alias = file.root().get("c");
  CHECK(alias.path() == "c");
  CHECK(alias.span().line == 2);
  CHECK(alias.span().column == 4);
  CHECK(alias.get("b").entries().at(1).text() == "2");
  CHECK(alias.get("b").entries().at(1).path() == "a.b[1]"); // where it is written
}

TEST_CASE("accepts aliases of aliases in little memory") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  constexpr int kLevels = 30; // 10^31 items if they were copied
  for (int level = 1; level <= kLevels; ++level) {
    const std::string below = "*a" + std::to_string(level - 1);
    const std::string name = 'a' + std::to_string(level);
    text += name + ": &" + name + " [" + below;
    for (int i = 0; i < 9; ++i) text += ", " + below;
    text += "]\n";
  }
  CHECK(said_of_file(text).empty());
}

TEST_CASE("nodes know their kind, text, key and path") {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse(
      "a:\n  - name: \"x \\\"y\\\"\"\n    on: yes\n  - ~\nb: {}\n", "f.yaml", diagnostics);
  const YamlNode item = file.root().get("a").entries().at(0);
  CHECK(item.is_map());
  CHECK(item.path() == "a[0]");
  CHECK(item.get("name").text() == "x \"y\"");
  CHECK(item.get("name").span().length == 9); // with quotes and escapes
  CHECK(item.get("name").key() == "name");
  CHECK(item.get("name").path() == "a[0].name");
  CHECK(item.get("name").key_span().column == 5);
  CHECK(item.entries().at(1).text() == "yes");
  CHECK(file.root().get("a").entries().at(1).kind() == YamlKind::null);
  CHECK(file.root().get("b").entries().empty());
  CHECK_FALSE(file.root().get("c"));
  CHECK_FALSE(file.root().get("c").get("d"));
  CHECK(file.root().path().empty());
  CHECK(file.name() == "f.yaml");
}
