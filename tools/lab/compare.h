// `hubbub-lab compare`: how well a recording was heard at the other end.
#pragma once

#include <iosfwd>
#include <string>

#include "tools/lab/measure/comparison.h"

namespace hubbub::lab {

struct CompareRequest {
  std::string original;
  std::string heard;
  bool json = false;
};

std::string comparison_text(const Comparison& comparison);
std::string comparison_json(const Comparison& comparison);  // one line; null for what could not be measured

// Exit status: 0, or 1 where nothing of the original was found in what was heard. Throws std::runtime_error
// where a file cannot be read.
int run_compare(const CompareRequest& request, std::ostream& out);

}  // namespace hubbub::lab
