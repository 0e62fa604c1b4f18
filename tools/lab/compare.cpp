#include "tools/lab/compare.h"

#include <array>
#include <cstdio>
#include <ostream>

#include <nlohmann/json.hpp>

#include "tools/lab/audio_file.h"

namespace hubbub::lab {
namespace {

template <class... Values>
std::string line(const char* pattern, Values... values) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

std::string measured(const char* pattern, const std::optional<double>& value) {
  return value ? line(pattern, *value) : "not measurable: too little speech";
}

nlohmann::json or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  std::string text = line("speech heard  %.2f s in %.2f s (original: %.2f s in %.2f s)\n",
                          comparison.heard_speech_seconds, to_seconds(comparison.heard_length),
                          comparison.original_speech_seconds, to_seconds(comparison.original_length));
  if (!comparison.aligned) return text + "delay         not found: nothing heard is like the original\n";
  const Comparison::Aligned& aligned = *comparison.aligned;
  text += line("delay         %.2f ms (correlation %.3f)\n", to_ms(aligned.delay), aligned.correlation);
  text += "level         " + measured("%+.1f dB", aligned.level_difference_db) + "\n";
  text += "ESTOI         " + measured("%.3f", aligned.estoi) + "\n";
  text += "envelopes     " + measured("%.3f", aligned.envelope_correlation) + "\n";
  return text;
}

std::string comparison_json(const Comparison& comparison) {
  nlohmann::json json = {{"original_seconds", to_seconds(comparison.original_length)},
                         {"heard_seconds", to_seconds(comparison.heard_length)},
                         {"original_speech_seconds", comparison.original_speech_seconds},
                         {"heard_speech_seconds", comparison.heard_speech_seconds}};
  const Comparison::Aligned aligned = comparison.aligned.value_or(Comparison::Aligned());
  const bool found = comparison.aligned.has_value();
  json["delay_ms"] = found ? nlohmann::json(to_ms(aligned.delay)) : nlohmann::json();
  json["correlation"] = found ? nlohmann::json(aligned.correlation) : nlohmann::json();
  json["level_difference_db"] = or_null(aligned.level_difference_db);
  json["estoi"] = or_null(aligned.estoi);
  json["envelope_correlation"] = or_null(aligned.envelope_correlation);
  return json.dump() + "\n";
}

int run_compare(const CompareRequest& request, std::ostream& out) {
  const auto original = load_recording(request.original, kComparisonRate);
  const auto heard = load_recording(request.heard, kComparisonRate);
  const Comparison comparison = compare(original, heard);
  out << (request.json ? comparison_json(comparison) : comparison_text(comparison)) << std::flush;
  return comparison.aligned ? 0 : 1;
}

}  // namespace hubbub::lab
