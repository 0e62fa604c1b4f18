// How much of a recording's speech can be understood, and how alike two recordings' spectral envelopes are.
// Both take signals in time with each other, of one length.
#pragma once

#include <optional>
#include <span>

namespace hubbub::lab {

// What these measures work at; resample to it first.
inline constexpr int kIntelligibilityRate = 10'000;

// ESTOI, the extended short-time objective intelligibility measure: 1 for `heard` equal to `clean` up to
// level, about 0 for unrelated sound. From J. Jensen and C. H. Taal, "An Algorithm for Predicting the
// Intelligibility of Speech Masked by Modulated Noise Maskers", IEEE/ACM Transactions on Audio, Speech, and
// Language Processing 24(11), 2016, sections II-A to II-C. `nullopt` where the clean signal has less than 30
// frames (0.39 s) that are not silent.
std::optional<double> estoi(std::span<const float> clean, std::span<const float> heard);

// The correlation coefficient over time of the envelopes in each third-octave band, averaged over the bands
// that are not silent in `clean`: -1 to 1. Unlike ESTOI it counts the pauses too. `nullopt` where there is
// nothing to compare.
std::optional<double> envelope_correlation(std::span<const float> clean, std::span<const float> heard);

}  // namespace hubbub::lab
