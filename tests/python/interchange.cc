// interchange DETECTOR ROWS.csv: prints a score a row, as C++ gives it, for the test that every face gives the same.
#include <cstdio>

#include "oddshot/base/thread_pool.h"
#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const oddshot::Detector detector = oddshot::load_detector(argv[1]);
  oddshot::ReadOptions read;
  read.numeric = detector.preprocessor().numeric_columns();
  read.category = detector.preprocessor().category_columns();
  oddshot::ThreadPool pool(1);
  for (const float score : detector.score(oddshot::read_table({argv[2]}, read), pool)) std::printf("%.9g\n", static_cast<double>(score));
  return 0;
}
