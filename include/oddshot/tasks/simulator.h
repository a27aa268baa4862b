// A simulator of payment fraud, so that everything runs where no data are at hand. Its rows are made up: results on them show that
// the program works, never how well a method does on real payments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

struct PaymentFraudOptions {
  std::size_t customers = 1500;  // 500 to 1,000,000; each makes 8 to 16 ordinary payments
  std::uint64_t seed = 1;

  void validate() const;  // throws ArgumentError naming field, value and range
};

// Payments of customers who differ in income, habits, hours, travel and age of account; a third of them fall victim to (or commit) one
// of 14 kinds of fraud, each altering some of the columns and each part of an alteration missing now and then. Column "pattern" names
// the kind, "none" for an ordinary payment; "customer" groups the rows of one customer, who meets one kind at most; the other columns
// are features, some missing by nature (a chip payment has no device). Depends on the options alone.
Table simulate_payment_fraud(const PaymentFraudOptions& options = {});

// The kinds of fraud, in the order in which they are made.
std::vector<std::string> payment_fraud_patterns();

// By the name that a manifest gives, with the default options. Throws ArgumentError for a name that is not one of simulators().
Table simulate(std::string_view simulator);
std::vector<std::string> simulators();

}  // namespace oddshot
