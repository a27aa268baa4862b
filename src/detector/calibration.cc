#include "oddshot/detector/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "oddshot/base/choice.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::array<Choice<CalibrationScheme>, 4> kSchemes = {{{CalibrationScheme::kAuto, "auto"},
                                                                {CalibrationScheme::kHeldBack, "held-back"},
                                                                {CalibrationScheme::kCrossFitted, "cross-fitted"},
                                                                {CalibrationScheme::kNone, "none"}}};

// A rate such as 0.01 is no sum of powers of two: what it means is a hair's breadth around it.
constexpr double kHair = 1e-9;

}  // namespace

std::string_view to_string(CalibrationScheme scheme) { return name_of(kSchemes, scheme, "calibration"); }
CalibrationScheme parse_calibration(std::string_view name) { return choice_of(kSchemes, name, "calibration"); }

void check_rate(double rate, std::string_view what) {
  if (!(rate > 0 && rate < 1)) throw ArgumentError(fmt::format("{} is {}; it must be above 0 and below 1", what, rate));
}

std::size_t calibrators_needed(double rate) {
  check_rate(rate, "a false-alarm rate");
  return static_cast<std::size_t>(std::ceil(1 / rate - kHair)) - 1;
}

Calibration::Calibration(CalibrationScheme scheme, std::vector<float> scores, std::vector<float> weights)
    : scheme_(scheme), scores_(std::move(scores)), weights_(std::move(weights)) {
  if (scheme != CalibrationScheme::kHeldBack && scheme != CalibrationScheme::kCrossFitted) {
    throw ArgumentError("scores of calibrators are held back or cross-fitted");
  }
  if (scores_.empty()) throw ArgumentError("a calibration needs at least one score");
  if (!weights_.empty() && weights_.size() != scores_.size()) {
    throw ShapeError(fmt::format("{} weights for {} calibrators", weights_.size(), scores_.size()));
  }
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    if (!std::isfinite(scores_[i])) throw ArgumentError(fmt::format("the score of calibrator {} is {}", i, scores_[i]));
  }
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (!std::isfinite(weights_[i]) || weights_[i] < 0) {
      throw ArgumentError(fmt::format("the weight of calibrator {} is {}; it must be 0 or more", i, weights_[i]));
    }
  }
  std::vector<std::size_t> order(scores_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scores_[i]; });
  for (const std::size_t i : order) rising_.push_back(scores_[i]);
  weight_from_.assign(order.size() + 1, 0);
  for (std::size_t i = order.size(); i-- > 0;) {
    weight_from_[i] = weight_from_[i + 1] + (weights_.empty() ? 1.0 : double{weights_[order[i]]});
  }
  if (weight_from_.front() == 0) throw ArgumentError("the weights of all calibrators are 0");
  if (!weights_.empty()) heaviest_ = *std::ranges::max_element(weights_);
}

void Calibration::check_present() const {
  if (!present()) {
    throw ArgumentError(
        "the detector has no calibration, hence no p-values and no threshold; adapt it anew, to 2 normal rows or more and with a "
        "--calibration other than none");
  }
}

double Calibration::p_value(float score, std::optional<float> weight) const {
  check_present();
  const auto above = static_cast<std::size_t>(std::ranges::lower_bound(rising_, score) - rising_.begin());
  const double own = weights_.empty() ? 1.0 : double{weight.value_or(heaviest_)};
  if (!(own >= 0) || !std::isfinite(own)) throw ArgumentError(fmt::format("the weight of a row is {}; it must be 0 or more", own));
  return std::min(1.0, (own + weight_from_[above]) / (own + weight_from_.front()));
}

double Calibration::smallest_rate() const {
  check_present();
  return 1 / static_cast<double>(size() + 1);
}

std::size_t Calibration::allowed_above(double rate) const {
  check_present();
  check_rate(rate, "the false-alarm rate");
  if (weighted()) throw ArgumentError("with weights every row has a threshold of its own: compare its p-value with the rate");
  const double steps = std::floor(rate * static_cast<double>(size() + 1) + kHair);
  if (steps < 1) {
    throw ArgumentError(
        fmt::format("a false-alarm rate of {} needs {} normal rows to calibrate by, and there are {}, which can promise {:.3g}", rate,
                    calibrators_needed(rate), size(), smallest_rate()));
  }
  return std::min(static_cast<std::size_t>(steps) - 1, size() - 1);
}

float Calibration::threshold(double rate) const { return rising_[size() - 1 - allowed_above(rate)]; }

double Calibration::guaranteed_rate(double rate) const {
  return static_cast<double>(allowed_above(rate) + 1) / static_cast<double>(size() + 1);
}

std::optional<double> PValueBatch::cut(double share) const {
  check_rate(share, "the share of false alerts");
  std::optional<double> found;
  std::uint64_t up_to = 0;
  for (const auto& [p, count] : counts_) {
    up_to += count;
    if (p * static_cast<double>(total_) <= share * static_cast<double>(up_to) * (1 + kHair)) found = p;
  }
  return found;
}

}  // namespace oddshot
