// Runs seeded simulations and prints what they found. The same seed gives the same run.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "routerd/base/log.h"
#include "tests/sim/sim.h"

namespace {

constexpr char kUsage[] =
    "usage: routersim [--seed N] [--seeds COUNT] [--commands N]\n"
    "Runs the whole router on COUNT seeds from N on (default 1 from 1), with N random commands each (default 10000)\n"
    "and random crashes, and checks every promise after each step. Exit status 1 if one was broken.\n";

// The number after a flag; exits on anything else.
uint64_t Number(const char* text) {
  char* end = nullptr;
  const uint64_t value = text == nullptr ? 0 : std::strtoull(text, &end, 10);
  if (text == nullptr || *text == '\0' || *end != '\0') {
    std::fprintf(stderr, "routersim: a flag needs a whole number\n%s", kUsage);
    std::exit(2);
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t seed = 1;
  uint64_t seeds = 1;
  uint64_t commands = 10'000;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (flag == "--seed") {
      seed = Number(value);
    } else if (flag == "--seeds") {
      seeds = Number(value);
    } else if (flag == "--commands") {
      commands = Number(value);
    } else {
      std::fputs(kUsage, flag == "--help" ? stdout : stderr);
      return flag == "--help" ? 0 : 2;
    }
    ++i;
  }
  routerd::base::SetLogOptions({.level = routerd::base::LogLevel::kWarning});
  std::printf("seed=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  int64_t total = 0;
  int64_t events = 0;
  int crashes = 0;
  int broken = 0;
  for (uint64_t s = seed; s < seed + seeds; ++s) {
    const routerd::sim::SimResult result = routerd::sim::Simulate({.seed = s, .commands = static_cast<int>(commands)});
    total += result.commands;
    events += result.events;
    crashes += result.crashes;
    if (result.broken.empty()) continue;
    ++broken;
    std::printf("seed %llu is broken; replay it with: routersim --seed %llu --commands %llu\n",
                static_cast<unsigned long long>(s), static_cast<unsigned long long>(s),
                static_cast<unsigned long long>(commands));
    for (size_t i = 0; i < result.broken.size() && i < 10; ++i) std::printf("  %s\n", result.broken[i].c_str());
  }
  std::printf("seeds=%llu commands=%lld events=%lld crashes=%d broken=%d\n", static_cast<unsigned long long>(seeds),
              static_cast<long long>(total), static_cast<long long>(events), crashes, broken);
  return broken == 0 ? 0 : 1;
}
