#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot::kernels {
namespace {

// Sets $ODDSHOT_TARGET for one test and puts back what was there.
class ForcedTarget {
 public:
  explicit ForcedTarget(const char* name) {
    if (const char* before = std::getenv("ODDSHOT_TARGET")) before_ = before;
    setenv("ODDSHOT_TARGET", name, 1);
  }
  ~ForcedTarget() { setenv("ODDSHOT_TARGET", before_.c_str(), 1); }
  ForcedTarget(const ForcedTarget&) = delete;
  ForcedTarget& operator=(const ForcedTarget&) = delete;

 private:
  std::string before_;
};

TEST(Table, IsOfTheBestTargetUnlessTold) {
  const ForcedTarget none("");
  EXPECT_EQ(table<float>().target, target_names().front());
  EXPECT_EQ(table<double>().target, target_names().front());
}

TEST(Table, ListsScalarLastAndNamesOnce) {
  std::vector<std::string_view> names = target_names();
  EXPECT_EQ(names.back(), "scalar");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
}

TEST(Table, IsForcedByNameOrEnvironment) {
  for (const std::string_view name : target_names()) {
    EXPECT_EQ(table<float>(name).target, name);
    EXPECT_EQ(table<double>(name).target, name);
    const ForcedTarget forced(std::string(name).c_str());
    EXPECT_EQ(table<float>().target, name);
  }
}

TEST(Table, RefusesATargetThatIsNotThere) {
  EXPECT_THROW(table<float>("AVX9"), ArgumentError);
  const ForcedTarget forced("AVX9");
  EXPECT_THROW(table<double>(), ArgumentError);
}

}  // namespace
}  // namespace oddshot::kernels
