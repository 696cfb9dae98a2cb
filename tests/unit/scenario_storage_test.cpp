// Rules of the token bucket filter and full OSTs in a scenario.
#include "tests/model/assembled_fixture.hpp"

using namespace lustrum;
using namespace lustrum::test;

namespace {

// The message of the only diagnostic.
std::string said(const AssembledText& text) {
  Diagnostics diagnostics;
  const Scenario scenario = scenario_of(text, diagnostics);
  std::string message = diagnostics.render(false);
  return message.substr(0, message.find('\n'));
}

constexpr std::string_view kTbf = "ost.ost_io.nrs_policies: tbf jobid";

} // namespace

TEST_CASE("rejects_rules_that_match_nothing") {
  const auto with_rule = [](const std::string& rule, std::string_view policy) {
    const std::string storage =
        "system: fsx_persistent_2_1000, capacity: 2.4 TiB, nrs_tbf_rules: [" + rule + "]";
    return said({.storage = storage, .lustre = policy, .nodes = 4});
  };
  CHECK(with_rule("{name: a, job: [dlio], rate: 50 /s}", kTbf) == "");
  CHECK(with_rule("{name: a, job: [dlia], rate: 50 /s}", kTbf) ==
        "error[E111]: `storage.nrs_tbf_rules[0].job`: there is no job `dlia`");
  CHECK(with_rule("{name: a, nid: [0-4], rate: 50 /s}", "ost.ost_io.nrs_policies: tbf") ==
        "error[E108]: `storage.nrs_tbf_rules[0].nid`: there is no client 4");
  CHECK(with_rule("{name: a, nid: [x], rate: 50 /s}", "ost.ost_io.nrs_policies: tbf") ==
        "error[E106]: `storage.nrs_tbf_rules[0].nid`: `x` is no client");
  CHECK(with_rule("{name: a, opcode: [ost_read], rate: 50 /s}", kTbf) ==
        "error[E113]: a rule of `tbf jobid` cannot name `opcode`");
  CHECK(with_rule("{name: default, job: [dlio], rate: 50 /s}", kTbf) ==
        "error[E113]: there is a rule `default` already");
  CHECK(with_rule("{name: a, job: [dlio], rate: 50 /s}", "") ==
        "warning[W201]: `storage.nrs_tbf_rules` has no effect while `ost.ost_io.nrs_policies` is "
        "`fifo`");
}

TEST_CASE("rejects_data_sets_and_fill_levels_that_do_not_fit") {
  const auto with = [](const std::string& storage) {
    const std::string all = "system: fsx_persistent_2_1000, capacity: 2.4 TiB, " + storage;
    return said({.storage = all, .nodes = 4});
  };
  CHECK(with("ost_used: [99 %, 5 %]") == "");
  CHECK(with("ost_used: [1 %, 1 %, 1 %]") ==
        "error[E108]: `storage.ost_used` has 3 entries, and there are 2 OSTs");
  CHECK(with("ost_used: [110 %]") == "error[E108]: `storage.ost_used`: `110 %` is no share");
  // ResNet-50: 1024 files of 1251 records of 114,660 B = 0.1336 TiB; 2400 GiB = 2.344 TiB in all.
  CHECK(with("used: 98 %") == "error[E113]: the data sets take 0.1336 TiB, and 0.04688 TiB of the "
                              "file system are free");
}
