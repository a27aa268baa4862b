// Settings by option, environment and file, in this order; completion, the manual, and what every subcommand's help has.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "program.h"

namespace oddshot::testing {
namespace {

std::vector<std::string> subcommands() {
  const std::string help = run_program({"--help"}).out;
  std::vector<std::string> names;
  std::size_t at = help.find("Subcommands:");
  while ((at = help.find("\n  ", at)) != std::string::npos) {
    at += 3;
    names.push_back(help.substr(at, help.find(' ', at) - at));
  }
  return names;
}

// The variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST(Help, OfEverySubcommandHasAnExample) {
  const std::vector<std::string> names = subcommands();
  EXPECT_GE(names.size(), 10U);
  for (const std::string& name : names) EXPECT_NE(run_program({name, "--help"}).out.find("Example:"), std::string::npos) << name;
}

// `learners` and a wrong --threads: which value is complained of tells where it came from.
TEST(Settings, AnOptionStandsBeforeTheEnvironmentWhichStandsBeforeTheFile) {
  const Folder folder;
  const std::string file = folder.write("settings.toml", "[run]\nthreads = 5001\n");
  const std::vector<std::string> words{"--config", file, "run", "payment-fraud", "-o", (folder / "out").string()};
  EXPECT_NE(run_program(words).err.find("5001"), std::string::npos) << run_program(words).err;
  const Variable variable("ODDSHOT_THREADS", "5002");
  EXPECT_NE(run_program(words).err.find("5002"), std::string::npos) << run_program(words).err;
  std::vector<std::string> more = words;
  more.insert(more.end(), {"--threads", "5003"});
  EXPECT_NE(run_program(more).err.find("5003"), std::string::npos) << run_program(more).err;
}

TEST(Settings, WhatIsUnknownInAFileIsRefused) {
  const Folder folder;
  const std::string file = folder.write("settings.toml", "[run]\nthraeds = 1\n");
  const Outcome outcome = run_program({"--config", file, "run", "payment-fraud", "-o", (folder / "out").string()});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("thraeds"), std::string::npos) << outcome.err;
  EXPECT_EQ(run_program({"--config", (folder / "none").string(), "learners"}).status, 2);
}

TEST(Settings, AFlagOfTheEnvironmentIsOneOrZero) {
  {
    const Variable variable("ODDSHOT_EXPLAIN", "1");
    EXPECT_EQ(run_program({"learners"}).out, run_program({"learners", "--explain"}).out);
  }
  {
    const Variable variable("ODDSHOT_EXPLAIN", "0");
    EXPECT_TRUE(run_program({"learners"}).out.starts_with("committee,"));
  }
  const Variable variable("ODDSHOT_EXPLAIN", "perhaps");
  const Outcome outcome = run_program({"learners"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("ODDSHOT_EXPLAIN"), std::string::npos) << outcome.err;
}

TEST(Completion, KnowsEverySubcommandAndItsOptions) {
  for (const char* shell : {"bash", "zsh", "fish", "man"}) {
    const Outcome outcome = run_program({"completion", shell});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    for (const std::string& name : subcommands()) EXPECT_NE(outcome.out.find(name), std::string::npos) << shell << " " << name;
    const std::string option = std::string(shell) == "man" ? "max\\-false\\-alarms" : "max-false-alarms";
    EXPECT_NE(outcome.out.find(option), std::string::npos) << shell;
  }
  EXPECT_EQ(run_program({"completion", "csh"}).status, 2);
}

// What bash itself makes of it.
TEST(Completion, CompletesInBash) {
  const Folder folder;
  const std::string script = folder.write("complete.bash", run_program({"completion", "bash"}).out +
                                                               "COMP_WORDS=(oddshot sc); COMP_CWORD=1; _oddshot; echo \"${COMPREPLY[@]}\"\n"
                                                               "COMP_WORDS=(oddshot score --fol); COMP_CWORD=2; _oddshot\n"
                                                               "echo \"${COMPREPLY[@]}\"\n");
  const std::string out = (folder / "out").string();
  ASSERT_EQ(std::system(("bash '" + script + "' > '" + out + "'").c_str()), 0);
  EXPECT_EQ(read(out), "score\n--follow\n");
}

TEST(Output, HasNoColours) {
  for (const auto& words : {std::vector<std::string>{"--help"}, {"learners", "--explain"}, {"runn"}}) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ((outcome.out + outcome.err).find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace oddshot::testing
