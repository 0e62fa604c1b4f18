// hubbub-lab: puts a bad network between clients and a relay, and says what the ear gets.
#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "tools/lab/arguments.h"

namespace {

using namespace hubbub::lab;  // NOLINT(google-build-using-namespace): this is the laboratory's own program

constexpr int kUsageError = 2;

int carry_out(const Notice& notice) {
  std::cout << notice.text << std::flush;
  return 0;
}
int carry_out(const ProxyRequest& request) {
  return run_proxy(request, std::cout, std::cerr);
}
int carry_out(const CompareRequest& request) {
  return run_compare(request, std::cout);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto request = parse_arguments(std::vector<std::string>(argv + std::min(1, argc), argv + argc));
    if (request) return std::visit([](const auto& chosen) { return carry_out(chosen); }, *request);
    std::cerr << "hubbub-lab: " << request.error() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "hubbub-lab: " << error.what() << '\n';
  }
  return kUsageError;
}
