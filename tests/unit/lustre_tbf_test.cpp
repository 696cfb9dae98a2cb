// TBF: rates, bursts, rules.
#include "models/lustre/policy/nrs_tbf.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

using namespace lustrum;
using namespace lustrum::lustre;
using doctest::Approx;

namespace {

RequestTag of_job(std::uint32_t job, std::uint32_t client = 0) {
  return {.client = ClientIndex{client}, .job = job};
}

// Threads without limit that take whatever may go, at the moment when it may. Requests of a class
// are there from the beginning.
class Service {
public:
  explicit Service(const TbfSettings& settings) : tbf_(settings) {}

  NrsTbf& tbf() { return tbf_; }
  void add(const RequestTag& tag, int count) {
    for (int i = 0; i < count; ++i) {
      tbf_.add(static_cast<std::uint32_t>(tags_.size()), tag, now_);
      tags_.push_back(tag);
    }
  }
  // Lets go what may until then; requests served by job.
  void run_until(Seconds end) {
    while (tbf_.queued() > 0 && tbf_.eligible_at(now_) <= end) {
      now_ = tbf_.eligible_at(now_);
      const std::uint32_t request = tbf_.take(now_);
      REQUIRE(request < tags_.size()); // eligible: there is one
      ++served_[tags_[request].job];
    }
    if (tbf_.queued() > 0) CHECK(tbf_.take(now_) == RequestScheduler::kNone); // or there is none
    now_ = end;
  }
  int served(std::uint32_t job) { return served_[job]; }
  Seconds now() const { return now_; }

private:
  NrsTbf tbf_;
  Seconds now_{0};
  std::vector<RequestTag> tags_;
  std::map<std::uint32_t, int> served_;
};

TbfRule rule(std::string name, std::uint32_t job, double rate) {
  return {.name = std::move(name), .match = {.jobs = {job}}, .rate = PerSecond{rate}};
}

} // namespace

TEST_CASE("tbf: a burst of the depth, then the rate") {
  // t seconds after a start with three tokens: 3 + floor(100 t).
  Service service({.type = TbfType::jobid, .rules = {rule("limited", 1, 100)}});
  service.add(of_job(1), 5000);
  service.run_until(Seconds{0});
  CHECK(service.served(1) == 3);
  service.run_until(Seconds{0.0099});
  CHECK(service.served(1) == 3);
  service.run_until(Seconds{0.01});
  CHECK(service.served(1) == 4);
  service.run_until(Seconds{30.005});
  CHECK(service.served(1) == 3003);
}

TEST_CASE("tbf: the default is 10,000 RPCs a second") {
  Service service({.type = TbfType::nid});
  service.add(of_job(0), 20'000);
  service.run_until(Seconds{1.00005});
  CHECK(service.served(0) == 10'003);
}

TEST_CASE("tbf: tokens are saved up to the depth and no further") {
  Service service({.type = TbfType::jobid, .depth = 5, .rules = {rule("limited", 1, 100)}});
  service.add(of_job(1), 5);
  service.run_until(Seconds{0});
  CHECK(service.served(1) == 5);
  service.run_until(Seconds{0.02}); // two tokens
  service.add(of_job(1), 10);
  service.run_until(Seconds{0.02});
  CHECK(service.served(1) == 7);
  service.run_until(Seconds{0.1}); // eight more are due: the rest of ten goes
  CHECK(service.served(1) == 15);
  service.run_until(Seconds{100});
  service.add(of_job(1), 10);
  service.run_until(Seconds{100});
  CHECK(service.served(1) == 20);
}

TEST_CASE("tbf: a job under its limit does not feel one that is over its own") {
  Service service({.type = TbfType::jobid, .rules = {rule("noisy", 1, 50)}});
  service.add(of_job(1), 100'000);
  // Job 2 sends one request each 10 ms and stays far below 10,000/s: each goes when it comes, or
  // when the noisy job's next token is due, a default token (0.1 ms) later at most.
  for (int i = 1; i <= 1000; ++i) {
    service.add(of_job(2), 1);
    service.run_until(Seconds{i * 0.01});
    CHECK(service.served(2) == i);
  }
  CHECK(service.served(1) == 3 + 500);
}

TEST_CASE("tbf: each class has a bucket of its own; the newest rule that matches holds") {
  Service service({.type = TbfType::generic,
                   .rules = {rule("job_7", 7, 100),
                             {.name = "client_3",
                              .match = {.clients = {ClientIndex{3}}, .jobs = {7, 8}},
                              .rate = PerSecond{10}}}});
  // Two clients of job 7, each 100/s; client 3 comes under the newer rule, 10/s.
  service.add(of_job(7, 1), 5000);
  service.add(of_job(7, 2), 5000);
  service.run_until(Seconds{10.005});
  CHECK(service.served(7) == 2 * 1003);
  service.add(of_job(8, 3), 5000);
  // 10.05 s later. The faster classes beside it leave it its rate, but no burst.
  service.run_until(Seconds{20.055});
  CHECK(service.served(8) == 100);
  CHECK(service.served(7) == 2 * 2008);
}

TEST_CASE("tbf: rules are started, changed and stopped while requests wait") {
  Service service({.type = TbfType::jobid});
  NrsTbf& tbf = service.tbf();
  CHECK(tbf.start_rule(rule("slow", 1, 10)));
  CHECK_FALSE(tbf.start_rule(rule("slow", 1, 20)));
  CHECK_FALSE(tbf.start_rule(rule("default", 1, 20)));
  CHECK_FALSE(tbf.change_rule("other", PerSecond{20}));
  CHECK_FALSE(tbf.stop_rule("other"));
  CHECK_FALSE(tbf.stop_rule("default"));
  service.add(of_job(1), 10'000);
  service.run_until(Seconds{1.05});
  CHECK(service.served(1) == 3 + 10);
  // With the next request: a full bucket, and 100/s.
  CHECK(tbf.change_rule("slow", PerSecond{100}));
  service.run_until(Seconds{2.05});
  CHECK(service.served(1) == 13 + 10);
  service.add(of_job(1), 1);
  service.run_until(Seconds{3.055});
  CHECK(service.served(1) == 23 + 3 + 100);
  CHECK(tbf.stop_rule("slow"));
  CHECK(tbf.change_rule("default", PerSecond{1000}));
  service.add(of_job(1), 1);
  service.run_until(Seconds{4.0555});
  CHECK(service.served(1) == 126 + 3 + 1000);
}

TEST_CASE("tbf: what is left of a token is lost when a request goes late") {
  // 100/s, depth 1; a thread comes every 15 ms, when 1.5 tokens are due: one goes, the half is
  // lost.
  NrsTbf tbf({.type = TbfType::jobid, .depth = 1, .rules = {rule("limited", 1, 100)}});
  for (std::uint32_t i = 0; i < 1000; ++i) tbf.add(i, of_job(1), Seconds{0});
  int served = 0;
  for (int i = 0; i < 200; ++i)
    if (tbf.take(Seconds{i * 0.015}) != RequestScheduler::kNone) ++served;
  CHECK(served == 200); // in 3 s: 66.7/s
}

TEST_CASE("tbf: no class exceeds depth + rate * time, in any mix") {
  CHECK(rc::check("rates", [] {
    const auto jobs = *rc::gen::inRange<std::uint32_t>(1, 6);
    TbfSettings settings{.type = TbfType::jobid};
    settings.depth = *rc::gen::inRange<std::uint32_t>(1, 5);
    for (std::uint32_t job = 0; job < jobs; ++job)
      settings.rules.push_back(rule("job_" + std::to_string(job), job, *rc::gen::inRange(1, 5000)));
    Service service(settings);
    for (std::uint32_t job = 0; job < jobs; ++job) service.add(of_job(job), 2000);
    const Seconds end{*rc::gen::inRange(1, 400) * 1e-3};
    service.run_until(end);
    for (std::uint32_t job = 0; job < jobs; ++job) {
      const double rate = settings.rules[job].rate.count();
      const double most = settings.depth + rate * end.count();
      RC_ASSERT(service.served(job) <= most + 1e-6);
      // The rate is kept whatever the others do, the burst only by who stands in front. A token may
      // have begun, and one may be behind the front.
      RC_ASSERT(service.served(job) >= std::min(2000.0, most - settings.depth - 2));
    }
  }));
}
