// Calibration: what the scores of normal rows that adapting has not seen say of a score. No share of anomalies has to be guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

// Where the scores of the calibrators come from.
enum class CalibrationScheme : std::uint8_t {
  kAuto,         // held-back where the normals are many enough for it, else cross-fitted
  kHeldBack,     // normals that are kept out of the support: the false-alarm rate is guaranteed (split conformal)
  kCrossFitted,  // the support's normals, each scored by an adapting without it: every row serves twice, and the rate is as asked if
                 // leaving a few rows out changes scores little; it was never seen to be far off, but nothing proves it (cross-conformal)
  kNone,
};
std::string_view to_string(CalibrationScheme scheme);
// Throws ArgumentError naming those there are.
CalibrationScheme parse_calibration(std::string_view name);

// How many calibrators a false-alarm rate needs: the least n with 1 / (n + 1) <= rate.
std::size_t calibrators_needed(double rate);
// Throws ArgumentError unless it is above 0 and below 1.
void check_rate(double rate, std::string_view what);

// Scores of n normal rows, each with a weight. A row that is exchangeable with them (drawn as they were) has p <= rate with a probability
// of at most `rate`, whatever the scores are and for any n.
//   p(s) = (1 + #{i: s_i >= s}) / (n + 1),   with weights   p(s, w) = (w + sum of w_i with s_i >= s) / (w + sum of w_i)
// Weights say how much likelier a row is where the detector is used than where the calibrators are from (a known shift).
// Source: Vovk, Gammerman, Shafer 2005, "Algorithmic learning in a random world", section 4.2; weights: Tibshirani, Barber, Candes, Ramdas
// 2019, arXiv:1904.06019, section 2.
// A value; const methods may be called concurrently.
class Calibration {
 public:
  // None: there are no p-values.
  Calibration() = default;
  // scores [n], n >= 1; weights [n], or empty if all are alike. Throws ArgumentError if a score is not finite or a weight is
  // negative or not finite, or all are 0; ShapeError if sizes differ.
  Calibration(CalibrationScheme scheme, std::vector<float> scores, std::vector<float> weights = {});

  CalibrationScheme scheme() const { return scheme_; }  // never kAuto
  bool present() const { return scheme_ != CalibrationScheme::kNone; }
  std::size_t size() const { return scores_.size(); }
  bool weighted() const { return !weights_.empty(); }
  // [n] each, as they were given.
  const std::vector<float>& scores() const { return scores_; }
  const std::vector<float>& weights() const { return weights_; }

  // In (0, 1]; falls as the score rises. `weight` plays no part unless weighted(); a row whose weight is not known counts as the heaviest
  // calibrator, the cautious choice. Throws ArgumentError if there is no calibration.   O(log n)
  double p_value(float score, std::optional<float> weight = std::nullopt) const;

  // A row is an alert where its score is above this: p <= rate. Throws ArgumentError, with the number that is needed, if so few calibrators
  // cannot tell so small a rate; if there is no calibration, or it is weighted (then every row has a threshold of its own).
  float threshold(double rate) const;
  // What the threshold guarantees (of scheme held-back): at most `rate`, for n is finite. The same errors.
  double guaranteed_rate(double rate) const;
  // 1 / (n + 1)
  double smallest_rate() const;

 private:
  void check_present() const;
  // Calibrators that an alert may have at or above itself, of which there may be none.
  std::size_t allowed_above(double rate) const;

  CalibrationScheme scheme_ = CalibrationScheme::kNone;
  std::vector<float> scores_;
  std::vector<float> weights_;
  std::vector<float> rising_;        // the scores, sorted
  std::vector<double> weight_from_;  // [n + 1] sum of the weights of the calibrators of rising_ from i on
  float heaviest_ = 1;
};

// The p-values of a batch, of which any number may be anomalies. Which of them to take for alerts, so that the share of false ones among
// the alerts is at most `share` on average.
// Source: Benjamini and Hochberg 1995; that it holds for p-values of one calibration: Bates, Candes, Lei, Romano, Sesia 2023,
// arXiv:2104.08279, theorem 2. Not with weights.
// Keeps one count for each different p-value, at most n + 1 of them, however many rows.
class PValueBatch {
 public:
  void add(double p) {
    ++counts_[p];
    ++total_;
  }
  std::uint64_t size() const { return total_; }
  // Alerts are the p-values up to this; nothing if there are none. Throws ArgumentError unless 0 < share < 1.
  std::optional<double> cut(double share) const;

 private:
  std::map<double, std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

}  // namespace oddshot
