// Runs a fuzz target without libFuzzer, with any compiler: replay FOLDER COUNT runs every file of the corpus, what a fuzzer has learnt
// beside it (learnt/NAME.hex, an input per line) and COUNT seeded variants; replay FILE runs that file, replay hex:… those bytes. A death names the one command that repeats it; ENGINE_SEED=n runs variant n alone.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <tests/fuzz/fuzz.hpp>
#include <tests/fuzz/mutate.hpp>

extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

namespace {

namespace files = std::filesystem;

// Plain memory: a signal handler may not allocate.
char last_words[1024];

void speak() { static_cast<void>(!write(STDERR_FILENO, last_words, std::strlen(last_words))); }

void speak_when_dying() {
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(speak);
  // Where a sanitizer reports a bad access itself, its own handler stays.
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) {
    if (signal != SIGABRT && __sanitizer_set_death_callback) continue;
    std::signal(signal, [](int which) {
      speak();
      std::signal(which, SIG_DFL);
      std::raise(which);
    });
  }
}

void run(const std::string& input, const std::string& again) {
  std::snprintf(last_words, sizeof last_words, "again: %s\n", again.c_str());
  // Exactly as large as the input, so that a sanitizer sees a read behind it.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string content(const files::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

/// In hexadecimal.
std::vector<std::string> learnt_beside(const files::path& folder) {
  std::vector<std::string> lines;
  std::ifstream in(folder.parent_path() / "learnt" / (folder.filename().string() + ".hex"));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<files::path> files_in(const files::path& folder) {
  std::vector<files::path> all;
  for (const auto& entry : files::directory_iterator(folder)) all.push_back(entry.path());
  std::ranges::sort(all);
  return all;
}

void run_variant(const std::vector<std::string>& corpus, std::uint64_t seed, const std::string& command) {
  run(engine::fuzz::mutator(corpus, seed).next(), "ENGINE_SEED=" + std::to_string(seed) + " " + command);
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return std::fprintf(stderr, "usage: %s FOLDER COUNT | FILE… | hex:BYTES…\n", words[0]), 2;
  speak_when_dying();
  const std::string program = words[0];
  if (!files::is_directory(words[1])) {
    for (int i = 1; i < count; ++i) {
      const std::string_view word = words[i];
      run(word.starts_with("hex:") ? from_hex(word.substr(4)) : content(words[i]), program + " " + words[i]);
    }
    return 0;
  }
  std::vector<std::string> corpus;
  for (const files::path& file : files_in(words[1])) {
    corpus.push_back(content(file));
    run(corpus.back(), program + " " + file.string());
  }
  for (const std::string& hex : learnt_beside(words[1])) {
    corpus.push_back(from_hex(hex));
    run(corpus.back(), program + " hex:" + hex);
  }
  if (corpus.empty()) return std::fprintf(stderr, "%s holds no inputs\n", words[1]), 1;
  const std::string command = program + " " + words[1];
  const std::uint64_t variants = count > 2 ? std::strtoull(words[2], nullptr, 10) : 0;
  if (const char* seed = std::getenv("ENGINE_SEED")) {
    run_variant(corpus, std::strtoull(seed, nullptr, 10), command);
  } else {
    for (std::uint64_t i = 1; i <= variants; ++i) run_variant(corpus, i, command);
  }
  last_words[0] = '\0';
  return 0;
}
