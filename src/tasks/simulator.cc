#include "oddshot/tasks/simulator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"

namespace oddshot {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<std::string_view, 12> kMerchants = {"groceries", "restaurant", "fuel",      "clothing", "electronics", "travel",
                                                         "digital",   "gift-cards", "jewellery", "cash",     "person",      "household"};
enum Merchant : std::uint8_t {
  kGroceries,
  kRestaurant,
  kFuel,
  kClothing,
  kElectronics,
  kTravel,
  kDigital,
  kGiftCards,
  kJewellery,
  kCash,
  kPerson,
  kHousehold
};
// How much is spent there, as the log of a factor on what the customer usually spends.
constexpr std::array<double, 12> kPrice = {0.0, -0.1, 0.2, 0.5, 1.4, 1.8, -0.9, 0.1, 1.6, 0.7, 0.6, 0.4};
// How often an average customer goes there.
constexpr std::array<double, 12> kVisits = {5, 3, 1.5, 1.2, 0.5, 0.4, 1.2, 0.4, 0.15, 1.5, 1.6, 1};

constexpr std::array<std::string_view, 5> kChannels = {"chip", "contactless", "online", "atm", "transfer"};
enum Channel : std::uint8_t { kChip, kContactless, kOnline, kAtm, kTransfer };

// Draws in double from a stream.
class Dice {
 public:
  explicit Dice(Stream stream) : stream_(stream) {}
  double between(double low, double high) { return low + (high - low) * static_cast<double>(stream_.uniform()); }
  bool chance(double p) { return static_cast<double>(stream_.uniform()) < p; }
  double normal(double mean, double deviation) { return mean + deviation * static_cast<double>(stream_.normal()); }
  // Log-normal with that median.
  double around(double median, double spread) { return median * std::exp(normal(0, spread)); }
  double exponential(double mean) { return -mean * std::log(1.0 - static_cast<double>(stream_.uniform())); }
  double count(double mean) { return std::floor(exponential(mean)); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(stream_.below(n)); }
  template <std::size_t N>
  std::size_t pick(const std::array<double, N>& weights) {
    double total = 0;
    for (const double w : weights) total += w;
    double left = between(0, total);
    for (std::size_t i = 0; i < N; ++i) {
      left -= weights[i];
      if (left < 0) return i;
    }
    return N - 1;
  }

 private:
  Stream stream_;
};

struct Customer {
  double usual = 30;  // median amount
  double spread = 0.6;
  double online = 0.3;  // share of payments made online where both are possible
  double peak_hour = 14;
  double hour_spread = 4;
  double travel = 0.03;          // chance that a payment is made abroad
  double activity = 2;           // payments a day
  double account_age = 1500;     // days
  double device_age = 400;       // days
  double credentials_age = 500;  // days since the password or telephone number was last changed
  double credit_used = 0.3;      // share of the limit
  double refunds = 0.2;          // a month
  std::array<double, 12> visits{};
};

struct Payment {
  double amount = 0, amount_ratio = 1, hour = 12;
  std::size_t weekday = 0, merchant = kGroceries, channel = kChip;
  bool home_country = true;
  double distance_km = 0;           // from where the customer lives
  double minutes_since_last = 600;  // payment of the same customer
  double count_1h = 0, count_24h = 0, declined_24h = 0, merchants_24h = 0, amount_24h = 0;
  double device_age_days = kMissing;  // where a device was used
  double credentials_age_days = 0, account_age_days = 0, credit_used = 0;
  double payee_age_days = kMissing;  // since this customer first paid that person
  double refunds_30d = 0;
  double merchant_age_days = 0;
  double merchant_top_share = 0;  // of the merchant's turnover, by its five largest customers
  double inflow_24h = 0;          // money that came in, by amount
};

Customer make_customer(Dice& dice) {
  Customer customer;
  customer.usual = dice.around(28, 0.55);
  customer.spread = dice.between(0.4, 0.9);
  customer.online = dice.between(0.05, 0.8);
  customer.peak_hour = dice.chance(0.08) ? dice.normal(1, 2) : dice.normal(14, 2.5);  // some work at night
  customer.hour_spread = dice.between(2, 5);
  customer.travel = dice.chance(0.12) ? dice.between(0.1, 0.5) : dice.between(0, 0.03);
  customer.activity = dice.around(1.6, 0.6);
  customer.account_age = dice.chance(0.1) ? dice.between(5, 120) : dice.around(1400, 0.7);
  customer.device_age = std::min(customer.account_age, dice.around(350, 0.9));
  customer.credentials_age = std::min(customer.account_age, dice.around(500, 0.9));
  customer.credit_used = std::clamp(dice.normal(0.3, 0.25), 0.0, 1.0);
  customer.refunds = dice.chance(0.07) ? dice.between(1, 4) : dice.between(0, 0.3);
  for (std::size_t m = 0; m < kVisits.size(); ++m) customer.visits[m] = kVisits[m] * dice.around(1, 0.7);
  return customer;
}

std::size_t channel_of(std::size_t merchant, const Customer& customer, Dice& dice) {
  if (merchant == kCash) return kAtm;
  if (merchant == kPerson) return kTransfer;
  if (merchant == kDigital || dice.chance(customer.online * (merchant == kGroceries || merchant == kFuel ? 0.15 : 1))) return kOnline;
  return dice.chance(0.6) ? kContactless : kChip;
}

// The columns that follow from the others are made last, so that an altered payment stays consistent.
void settle(Payment& payment, const Customer& customer, Dice& dice) {
  payment.amount = std::max(0.01, std::round(payment.amount * 100) / 100);
  payment.amount_ratio = payment.amount / customer.usual;
  payment.hour = std::fmod(std::fmod(payment.hour, 24) + 24, 24);
  payment.count_24h = std::max(payment.count_24h, payment.count_1h);
  if (payment.count_1h > 0)
    payment.minutes_since_last = std::min(payment.minutes_since_last, dice.between(0.3, 60 / (payment.count_1h + 1)));
  payment.merchants_24h = std::min(payment.merchants_24h, payment.count_24h);
  payment.amount_24h = payment.amount * (1 + 0.2 * payment.count_1h) + customer.usual * payment.count_24h * dice.around(0.9, 0.5);
  if (payment.channel == kChip || payment.channel == kContactless || payment.channel == kAtm) payment.device_age_days = kMissing;
  if (payment.channel != kTransfer) payment.payee_age_days = kMissing;
  payment.credit_used = std::clamp(payment.credit_used, 0.0, 1.1);
}

Payment ordinary(const Customer& customer, Dice& dice) {
  Payment payment;
  payment.merchant = dice.pick(customer.visits);
  payment.channel = channel_of(payment.merchant, customer, dice);
  payment.amount = dice.around(customer.usual * std::exp(kPrice[payment.merchant]), customer.spread);
  if (payment.merchant == kCash || payment.merchant == kGiftCards) payment.amount = std::max(10.0, std::round(payment.amount / 10) * 10);
  payment.hour = dice.normal(customer.peak_hour, customer.hour_spread);
  payment.weekday = dice.below(7);
  const bool abroad = dice.chance(customer.travel);
  payment.home_country = !abroad && !(payment.channel == kOnline && dice.chance(0.12));
  payment.distance_km = abroad ? dice.around(1500, 0.8) : dice.around(6, 1.2);
  payment.minutes_since_last = dice.exponential(1440 / customer.activity);
  payment.count_24h = dice.count(customer.activity);
  payment.count_1h = std::min(payment.count_24h, dice.count(0.35));
  if (dice.chance(0.04)) payment.count_1h = 2 + dice.count(2);  // a day of shopping
  payment.merchants_24h = std::ceil(payment.count_24h * dice.between(0.5, 1));
  payment.declined_24h = dice.chance(0.05) ? 1 + dice.count(0.8) : 0;
  payment.device_age_days = dice.chance(0.05) ? dice.between(0, 15) : customer.device_age * dice.between(0.9, 1.1);
  payment.credentials_age_days = dice.chance(0.04) ? dice.between(0, 10) : customer.credentials_age * dice.between(0.9, 1.1);
  payment.account_age_days = customer.account_age;
  payment.credit_used = customer.credit_used + dice.normal(0, 0.08);
  payment.payee_age_days = dice.chance(0.2) ? dice.between(0, 3) : dice.around(300, 1);
  payment.refunds_30d = dice.count(customer.refunds);
  payment.merchant_age_days = dice.chance(0.06) ? dice.between(5, 150) : dice.around(2200, 0.8);
  payment.merchant_top_share = std::min(0.95, dice.chance(0.1) ? dice.between(0.1, 0.5) : dice.around(0.02, 0.9));
  payment.inflow_24h = dice.chance(0.06) ? dice.around(8, 0.8) : dice.count(0.1);  // pay day
  return payment;
}

// What a kind of fraud does to an ordinary payment of its victim. `often` holds for most but not all payments of the kind.
using Alter = void (*)(Payment& payment, const Customer& customer, Dice& dice);

bool often(Dice& dice) { return dice.chance(0.85); }

void to_online(Payment& payment, std::size_t merchant) {
  payment.merchant = merchant;
  payment.channel = kOnline;
}

// Stolen card numbers are tried with tiny payments, many in a row.
void card_testing(Payment& p, const Customer& /*c*/, Dice& dice) {
  to_online(p, dice.chance(0.6) ? std::size_t{kDigital} : dice.below(kMerchants.size() - 3));
  if (often(dice)) p.amount = dice.around(1.6, 0.6);
  if (often(dice)) p.count_1h = 1 + dice.count(6);
  if (often(dice)) p.declined_24h = dice.count(3.5);
  if (often(dice)) p.merchants_24h = p.count_1h;
  if (dice.chance(0.6)) p.device_age_days = dice.between(0, 4);
  if (dice.chance(0.5)) p.home_country = false;
}

// Somebody else holds the password: new device, new credentials, goods that sell.
void account_takeover(Payment& p, const Customer& c, Dice& dice) {
  to_online(p, dice.chance(0.6) ? kElectronics : kClothing);
  if (often(dice)) p.device_age_days = dice.exponential(1.5);
  if (dice.chance(0.7)) p.credentials_age_days = dice.exponential(2);
  if (often(dice)) p.amount = dice.around(c.usual * 5, 0.7);
  if (dice.chance(0.5)) p.home_country = false;
}

// Credit is built up for months, then drawn to the limit at once.
void bust_out(Payment& p, const Customer& c, Dice& dice) {
  p.merchant = dice.chance(0.5) ? kElectronics : kJewellery;
  if (often(dice)) p.credit_used = dice.between(0.75, 1.05);
  if (often(dice)) p.amount = dice.around(c.usual * 8, 0.6);
  if (often(dice)) p.account_age_days = dice.between(150, 600);
  if (dice.chance(0.6)) p.count_1h = dice.count(1.5);
}

// A merchant charges cards of people who are in on it.
void merchant_collusion(Payment& p, const Customer& c, Dice& dice) {
  p.merchant = dice.chance(0.6) ? kHousehold : kRestaurant;
  p.channel = kChip;
  if (often(dice)) p.merchant_top_share = dice.between(0.25, 0.9);
  if (often(dice)) p.merchant_age_days = dice.between(10, 200);
  if (often(dice)) p.amount = 50 * std::max(1.0, std::round(dice.around(c.usual * 6, 0.4) / 50));
}

// Goods are bought to be "returned", again and again.
void refund_abuse(Payment& p, const Customer& c, Dice& dice) {
  to_online(p, dice.chance(0.7) ? kClothing : kElectronics);
  if (often(dice)) p.refunds_30d = 2 + dice.count(4);
  if (dice.chance(0.6)) p.amount = dice.around(c.usual * 3, 0.5);
}

// A found card, tapped until it stops working.
void lost_card(Payment& p, const Customer& c, Dice& dice) {
  p.merchant = std::array{kGroceries, kFuel, kRestaurant}[dice.below(3)];
  p.channel = kContactless;
  if (often(dice)) p.amount = std::min(dice.around(c.usual * 1.3, 0.3), 50.0);
  if (often(dice)) p.count_1h = 1 + dice.count(3);
  if (often(dice)) p.merchants_24h = p.count_1h + 1;
  if (dice.chance(0.6)) p.hour = dice.normal(21, 3);
  if (dice.chance(0.5)) p.distance_km = dice.around(25, 0.6);
}

// A copied card is used far away.
void counterfeit_card(Payment& p, const Customer& c, Dice& dice) {
  p.channel = kChip;
  p.merchant = std::array{kElectronics, kClothing, kFuel}[dice.below(3)];
  if (often(dice)) p.distance_km = dice.around(3000, 0.7);
  if (often(dice)) p.home_country = false;
  if (often(dice)) p.minutes_since_last = dice.between(5, 180);
  if (dice.chance(0.5)) p.amount = dice.around(c.usual * 3, 0.6);
}

// Money comes in and leaves at once.
void money_mule(Payment& p, const Customer& c, Dice& dice) {
  const bool in_cash = dice.chance(0.25);
  p.merchant = in_cash ? kCash : kPerson;
  p.channel = in_cash ? kAtm : kTransfer;
  if (often(dice)) p.inflow_24h = dice.between(1, 1.3);
  if (often(dice)) p.payee_age_days = dice.exponential(2);
  if (often(dice)) p.amount = dice.around(c.usual * 12, 0.5);
  if (dice.chance(0.5)) p.account_age_days = dice.between(5, 150);
}

// The customer pays, enjoys, and then denies it.
void friendly_fraud(Payment& p, const Customer& c, Dice& dice) {
  to_online(p, kDigital);
  if (often(dice)) p.amount = dice.around(c.usual * 2.2, 0.4);
  if (often(dice)) p.refunds_30d = 1 + dice.count(1.2);
  if (often(dice)) p.hour = dice.normal(23, 2);
  if (dice.chance(0.5)) p.count_1h = 1 + dice.count(1);
}

// Held out below: cash machines at night, close to the daily limit.
void night_cash_out(Payment& p, const Customer& c, Dice& dice) {
  p.merchant = kCash;
  p.channel = kAtm;
  if (often(dice)) p.hour = dice.normal(3, 1.3);
  if (often(dice)) p.amount = 50 * std::max(1.0, std::round(dice.around(c.usual * 6, 0.3) / 50));
  if (often(dice)) p.count_1h = 1 + dice.count(1.5);
  if (dice.chance(0.6)) p.distance_km = dice.around(40, 0.8);
}

// The telephone number is moved to another SIM, then the account is emptied.
void sim_swap(Payment& p, const Customer& c, Dice& dice) {
  p.merchant = kPerson;
  p.channel = kTransfer;
  if (often(dice)) p.credentials_age_days = dice.exponential(0.4);
  if (often(dice)) p.device_age_days = dice.exponential(0.4);
  if (often(dice)) p.payee_age_days = dice.exponential(0.3);
  if (often(dice)) p.amount = dice.around(c.usual * 15, 0.5);
}

// Stolen money becomes gift cards of round sums.
void gift_card_laundering(Payment& p, const Customer& /*c*/, Dice& dice) {
  p.merchant = often(dice) ? kGiftCards : kGroceries;  // supermarkets sell them too
  p.channel = dice.chance(0.5) ? kOnline : kChip;
  if (often(dice)) p.amount = std::array{50.0, 100.0, 200.0}[dice.below(3)];
  if (often(dice)) p.count_1h = 1 + dice.count(2.5);
  if (dice.chance(0.5)) p.merchants_24h = 1;
}

// A false letter tells a changed bank account for a true invoice.
void invoice_redirection(Payment& p, const Customer& c, Dice& dice) {
  p.merchant = kPerson;
  p.channel = kTransfer;
  if (often(dice)) p.payee_age_days = dice.exponential(0.5);
  if (often(dice)) p.amount = dice.around(c.usual * 30, 0.5);
  if (often(dice)) p.hour = dice.normal(11, 1.5);
  if (often(dice)) p.weekday = dice.below(5);
}

// A person who does not exist: all young, all clean, growing fast.
void synthetic_identity(Payment& p, const Customer& c, Dice& dice) {
  if (often(dice)) p.account_age_days = dice.between(5, 90);
  if (often(dice)) p.device_age_days = dice.between(1, 40);
  if (often(dice)) p.credentials_age_days = p.account_age_days;
  if (often(dice)) p.credit_used = dice.between(0.5, 0.95);
  if (dice.chance(0.6)) to_online(p, kElectronics);
  if (dice.chance(0.6)) p.amount = dice.around(c.usual * 4, 0.6);
}

struct Pattern {
  std::string_view name;
  std::size_t victims;  // of 1000 customers
  Alter alter;
};
constexpr std::array<Pattern, 14> kPatterns = {{
    {"card-testing", 30, card_testing},
    {"account-takeover", 28, account_takeover},
    {"bust-out", 18, bust_out},
    {"merchant-collusion", 24, merchant_collusion},
    {"refund-abuse", 30, refund_abuse},
    {"lost-card", 28, lost_card},
    {"counterfeit-card", 24, counterfeit_card},
    {"money-mule", 22, money_mule},
    {"friendly-fraud", 30, friendly_fraud},
    {"night-cash-out", 22, night_cash_out},
    {"sim-swap", 20, sim_swap},
    {"gift-card-laundering", 22, gift_card_laundering},
    {"invoice-redirection", 16, invoice_redirection},
    {"synthetic-identity", 22, synthetic_identity},
}};

// The table that payments are appended to, column by column.
class Payments {
 public:
  Payments() {
    category("pattern", {"none"});
    for (const auto& pattern : kPatterns) table_.columns[0].categories.emplace_back(pattern.name);
    category("customer", {});
    category("weekday", {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"});
    category("merchant", {kMerchants.begin(), kMerchants.end()});
    category("channel", {kChannels.begin(), kChannels.end()});
    category("home_country", {"no", "yes"});
    for (const auto& [name, member] : kNumbers) {
      Column column;
      column.name = name;
      table_.columns.push_back(std::move(column));
    }
  }

  void add_customer(std::size_t number) { table_.columns[1].categories.push_back("customer-" + std::to_string(number + 1)); }

  // Of the latest customer; pattern: 0 for an ordinary one.
  void add(const Payment& payment, std::size_t pattern) {
    const std::array<std::size_t, 6> codes = {pattern,         table_.columns[1].categories.size() - 1, payment.weekday, payment.merchant,
                                              payment.channel, payment.home_country ? 1U : 0U};
    for (std::size_t c = 0; c < codes.size(); ++c) table_.columns[c].codes.push_back(static_cast<std::int32_t>(codes[c]));
    for (std::size_t n = 0; n < kNumbers.size(); ++n) {
      // Two decimals: the columns then read like those of a file.
      const double value = payment.*kNumbers[n].second;
      table_.columns[codes.size() + n].numbers.push_back(static_cast<float>(std::round(value * 100) / 100));
    }
  }

  Table take() { return std::move(table_); }

 private:
  static constexpr std::array<std::pair<std::string_view, double Payment::*>, 19> kNumbers = {{
      {"amount", &Payment::amount},
      {"amount_ratio", &Payment::amount_ratio},
      {"hour", &Payment::hour},
      {"distance_km", &Payment::distance_km},
      {"minutes_since_last", &Payment::minutes_since_last},
      {"count_1h", &Payment::count_1h},
      {"count_24h", &Payment::count_24h},
      {"declined_24h", &Payment::declined_24h},
      {"merchants_24h", &Payment::merchants_24h},
      {"amount_24h", &Payment::amount_24h},
      {"device_age_days", &Payment::device_age_days},
      {"credentials_age_days", &Payment::credentials_age_days},
      {"account_age_days", &Payment::account_age_days},
      {"credit_used", &Payment::credit_used},
      {"payee_age_days", &Payment::payee_age_days},
      {"refunds_30d", &Payment::refunds_30d},
      {"merchant_age_days", &Payment::merchant_age_days},
      {"merchant_top_share", &Payment::merchant_top_share},
      {"inflow_24h", &Payment::inflow_24h},
  }};

  void category(std::string name, std::vector<std::string> categories) {
    Column column;
    column.name = std::move(name);
    column.kind = ColumnKind::kCategory;
    column.categories = std::move(categories);
    table_.columns.push_back(std::move(column));
  }

  Table table_;
};

}  // namespace

void PaymentFraudOptions::validate() const {
  if (customers < 500 || customers > 1000000) {
    throw ArgumentError("customers is " + std::to_string(customers) + "; it must be from 500 to 1000000");
  }
}

Table simulate_payment_fraud(const PaymentFraudOptions& options) {
  options.validate();
  Payments payments;
  for (std::size_t i = 0; i < options.customers; ++i) {
    Dice dice(Stream(options.seed, Purpose::kSimulate, i));
    Customer customer = make_customer(dice);
    payments.add_customer(i);
    for (std::size_t n = 8 + dice.below(9); n > 0; --n) {
      Payment payment = ordinary(customer, dice);
      settle(payment, customer, dice);
      payments.add(payment, 0);
    }
    // Of every 1000 customers the first few meet the first kind, the next the second, and so on: shares that hold for any number.
    std::size_t place = i % 1000;
    for (std::size_t p = 0; p < kPatterns.size(); ++p) {
      if (place < kPatterns[p].victims) {
        for (std::size_t n = 3 + dice.below(6); n > 0; --n) {
          Payment payment = ordinary(customer, dice);
          kPatterns[p].alter(payment, customer, dice);
          settle(payment, customer, dice);
          payments.add(payment, p + 1);
        }
        break;
      }
      place -= kPatterns[p].victims;
    }
  }
  return payments.take();
}

std::vector<std::string> payment_fraud_patterns() {
  std::vector<std::string> names;
  for (const auto& pattern : kPatterns) names.emplace_back(pattern.name);
  return names;
}

std::vector<std::string> simulators() { return {"payment-fraud"}; }

Table simulate(std::string_view simulator) {
  if (simulator != "payment-fraud") throw ArgumentError("there is no simulator \"" + std::string(simulator) + "\", only payment-fraud");
  return simulate_payment_fraud();
}

}  // namespace oddshot
