// Thread limits of Lustre's services, worked out by hand.
#include "models/lustre/policy/service_threads.hpp"

#include <doctest/doctest.h>

using namespace lustrum::lustre;

TEST_CASE("service threads: four cores per partition, where the factor has not fallen yet") {
  // 64 + 8 * 4 = 96 per partition.
  CHECK(threads_of(kMdtThreads, {.cores = 16, .cpts = 4}) == 384);
  CHECK(threads_of(kOstIoThreads, {.cores = 8, .cpts = 2}) == 192);
  CHECK(threads_of(kOstThreads, {.cores = 8, .cpts = 2}) == 192);
  // 48 + 4 * 4 = 64 per partition, 256 in all: just the limit.
  CHECK(threads_of(kMdtReadpageThreads, {.cores = 16, .cpts = 4}) == 256);
  // 24 + 8 * 4 = 56 per partition.
  CHECK(threads_of(kLdlmThreads, {.cores = 8, .cpts = 2}) == 112);
  // 8 + 4 * 1 = 12 per partition.
  CHECK(threads_of(kOstCreateThreads, {.cores = 8, .cpts = 2}) == 24);
}

TEST_CASE("service threads: the factor falls by one with every four cores of a partition") {
  // 64 + 4 * 8 + 4 * 7 = 124 per partition.
  CHECK(threads_of(kOstIoThreads, {.cores = 32, .cpts = 4}) == 496);
  CHECK(threads_of(kMdtThreads, {.cores = 32, .cpts = 4}) == 496);
  // Hyper-threads: the factor is 8 - 4 + 1 = 5; 64 + 4 * 5 + 4 * 4 = 100.
  CHECK(threads_of(kOstIoThreads, {.cores = 32, .cpts = 4, .hyper_threads = true}) == 400);
}

TEST_CASE("service threads: the limit is soft") {
  // 64 + 4 (8 + 7 + 6 + 5) = 168 per partition would make 672: 512 / 4 = 128 each.
  CHECK(threads_of(kOstIoThreads, {.cores = 64, .cpts = 4}) == 512);
  // 64 + 4 (8 + 7 + 6) = 148 would make 1184: 1024 / 8 = 128 each.
  CHECK(threads_of(kMdtThreads, {.cores = 96, .cpts = 8}) == 1024);
  // Never less than the base of each partition: 64 * 32 and 24 * 8.
  CHECK(threads_of(kMdtThreads, {.cores = 1024, .cpts = 32}) == 2048);
  CHECK(threads_of(kLdlmThreads, {.cores = 64, .cpts = 8}) == 192);
}

TEST_CASE("service threads: a single partition gets up to twice the base") {
  // 4 cores: 64 + 32, and 4 * 8. 16 cores: 64 + 32 + 16 + 8, and 4 (8 + 7 + 6 + 5).
  CHECK(threads_of(kOstIoThreads, {.cores = 1}) == 64 + 8);
  CHECK(threads_of(kOstIoThreads, {.cores = 4}) == 128);
  CHECK(threads_of(kOstIoThreads, {.cores = 16}) == 224);
}

TEST_CASE("service threads: one partition per NUMA node") {
  CHECK(default_cpts(96, 2) == 2);
  CHECK(default_cpts(1, 4) == 1);
  CHECK(default_cpts(8, 0) == 1);
}
