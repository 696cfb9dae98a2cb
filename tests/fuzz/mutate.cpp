// What libFuzzer does, without coverage, for machines without clang: the corpus as it is, then
// random changes of it, the same ones for the same seed.
//
//   LUSTRUM_FUZZ_READER=strace trace_mutations SECONDS SEED FILE...
#include "sim/base/random.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kLargest = 64 << 10;

class Mutator {
public:
  Mutator(std::uint64_t seed, std::vector<std::string> corpus)
      : seed_(seed), corpus_(std::move(corpus)) {}

  std::string next() {
    std::string text = corpus_[below(corpus_.size())];
    for (std::uint64_t n = 1 + below(8); n > 0; --n) change(text);
    if (text.size() > kLargest) text.resize(kLargest);
    return text;
  }

private:
  std::uint64_t below(std::uint64_t n) {
    return lustrum::random::below(n, seed_, lustrum::random::component("fuzz"), draws_++);
  }

  void change(std::string& text) {
    static const std::vector<std::string> kWords{"-1",
                                                 "0",
                                                 "18446744073709551616",
                                                 "9223372036854775807",
                                                 "-",
                                                 "\n",
                                                 "\t",
                                                 "{",
                                                 "}",
                                                 "\"",
                                                 "<unfinished ...>",
                                                 "<... read resumed>",
                                                 "= ?",
                                                 "\\",
                                                 "\\x",
                                                 "[",
                                                 "]",
                                                 ")",
                                                 ",",
                                                 "1e308",
                                                 "0x",
                                                 "..",
                                                 "%s"};
    if (text.empty()) text = "x";
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(text.size() - at, 64));
    switch (below(7)) {
    case 0:
      text[at] = static_cast<char>(below(256));
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(at, text.substr(below(text.size()), length));
      break;
    case 3:
      text.insert(at, kWords[below(kWords.size())]);
      break;
    case 4:
      text.resize(at);
      break;
    case 5:
      text.replace(at, length, kWords[below(kWords.size())]);
      break;
    default: {
      const std::string& other = corpus_[below(corpus_.size())];
      if (!other.empty()) text.insert(at, other.substr(below(other.size()), 512));
    }
    }
  }

  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
  std::vector<std::string> corpus_;
};

std::string current; // what is being run

// Leaves the input that broke something in the working directory.
void save_current(int signal) {
  std::FILE* const file = std::fopen("trace_mutations_crash", "wb");
  if (file == nullptr) return;
  std::fwrite(current.data(), 1, current.size(), file);
  std::fclose(file);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const std::string& text) {
  current = text;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: trace_mutations SECONDS SEED FILE...\n");
    return 2;
  }
  std::signal(SIGABRT, save_current);
  std::signal(SIGSEGV, save_current);
  const double seconds = std::strtod(argv[1], nullptr);
  std::vector<std::string> corpus;
  for (int i = 3; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (const std::string& text : corpus) run(text);
  Mutator mutator(std::strtoull(argv[2], nullptr, 10), std::move(corpus));
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t runs = 0;
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
         seconds) {
    run(mutator.next());
    ++runs;
  }
  std::printf("%llu runs\n", static_cast<unsigned long long>(runs));
  return 0;
}
