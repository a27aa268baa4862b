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
    if (help[at] == ' ') continue;  // more of what stands above
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

TEST(Help, OfEverySubcommandAndOfTheWholeFitsAScreen) {
  std::vector<std::string> names = subcommands();
  names.emplace_back();  // the whole
  for (const std::string& name : names) {
    const std::string help = run_program(name.empty() ? std::vector<std::string>{"--help"} : std::vector<std::string>{name, "--help"}).out;
    ASSERT_TRUE(help.ends_with('\n')) << name << ": " << help;
    EXPECT_LE(std::count(help.begin(), help.end(), '\n'), name.empty() ? 24 : 40) << name;
    for (std::size_t at = 0; at < help.size();) {
      const std::size_t end = help.find('\n', at);
      EXPECT_LE(end - at, 80U) << name << ": " << help.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Help, OfManyOptionsNamesTheCommandThatShowsThemAll) {
  for (const char* name : {"adapt", "score", "run", "train"}) {
    EXPECT_NE(run_program({name, "--help"}).out.find(std::string("oddshot ") + name + " --help-all"), std::string::npos) << name;
  }
  EXPECT_EQ(run_program({"run", "--help"}).out.find("--inner-rate"), std::string::npos);
  EXPECT_NE(run_program({"run", "--help-all"}).out.find("--inner-rate"), std::string::npos);
  EXPECT_NE(run_program({"adapt", "--help-all"}).out.find("--forget-rows"), std::string::npos);
}

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
  EXPECT_NE(outcome.err.find("section [run] has an option \"thraeds\", which oddshot run has not; did you mean \"threads\"?"),
            std::string::npos)
      << outcome.err;
  const auto complaint = [&](const std::string& text) {
    return run_program({"--config", folder.write("other.toml", text), "run", "payment-fraud"}).err;
  };
  EXPECT_NE(complaint("[rnu]\nthreads = 1\n").find("section [rnu] is of no subcommand; did you mean [run]?"), std::string::npos);
  EXPECT_NE(complaint("threads = 1\n").find("\"threads\" stands in no section"), std::string::npos) << complaint("threads = 1\n");
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
  EXPECT_EQ(run_program({"learners", "--help"}).status, 0);
}

TEST(Settings, AVariableThatIsNearlyAnOptionIsRefused) {
  const Variable other("ODDSHOT_SOMETHING_OF_ANOTHER_PROGRAM", "1");
  EXPECT_EQ(run_program({"learners"}).status, 0);
  const Variable variable("ODDSHOT_MAX_FALSE_ALARM", "0.1");
  const Outcome outcome = run_program({"score", "d.safetensors", "rows.csv"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("$ODDSHOT_MAX_FALSE_ALARM is the name of no option; did you mean ODDSHOT_MAX_FALSE_ALARMS?"),
            std::string::npos)
      << outcome.err;
}

TEST(Settings, AVariableStopsOnlyTheSubcommandWhoseOptionItNearlyIs) {
  const Variable first("ODDSHOT_ROWS", "1"), second("ODDSHOT_MAX_FALSE_ALARM", "0.1");
  for (const auto& words : {std::vector<std::string>{"--version"},
                            {"--help"},
                            {"score", "--help"},
                            {"score", "-h"},
                            {"score", "--help-all"},
                            {"completion", "bash"},
                            {"learners"}}) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 0) << words[0] << ": " << outcome.err;
  }
  const std::string complaint = run_program({"adapt", "rows.csv"}).err;
  EXPECT_NE(complaint.find("did you mean ODDSHOT_MAX_FALSE_ALARMS?"), std::string::npos) << complaint;
  const Variable of_another("ODDSHOT_TOP", "3");  // an option of explain
  EXPECT_EQ(run_program({"learners"}).status, 0);
}

TEST(Settings, AMisspeltOptionIsNamedBeforeTheOneThatIsMissing) {
  const std::string misspelt = run_program({"adapt", "rows.csv", "--lable-column", "y", "-o", "d.safetensors"}).err;
  EXPECT_NE(misspelt.find("there is no option --lable-column; did you mean --label-column?"), std::string::npos) << misspelt;
  const std::string cut = run_program({"adapt", "rows.csv", "--label", "y", "-o", "d.safetensors"}).err;
  EXPECT_NE(cut.find("there is no option --label; did you mean --label-column?"), std::string::npos) << cut;
  const std::string missing = run_program({"adapt", "rows.csv", "-o", "d.safetensors"}).err;
  EXPECT_NE(missing.find("--label-column is required"), std::string::npos) << missing;
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
                                                               "echo \"${COMPREPLY[@]}\"\n"
                                                               "COMP_WORDS=(oddshot adapt --calibration h); COMP_CWORD=3; _oddshot\n"
                                                               "echo \"${COMPREPLY[@]}\"\n"
                                                               "COMP_WORDS=(oddshot adapt --calibration = c); COMP_CWORD=4; _oddshot\n"
                                                               "echo \"${COMPREPLY[@]}\"\n"
                                                               "COMP_WORDS=(oddshot adapt --model univ); COMP_CWORD=3; _oddshot\n"
                                                               "echo \"${COMPREPLY[@]}\"\n");
  const std::string out = (folder / "out").string();
  ASSERT_EQ(std::system(("bash '" + script + "' > '" + out + "'").c_str()), 0);
  EXPECT_EQ(read(out), "score\n--follow\nheld-back\ncross-fitted\nuniversal\n");
}

TEST(Output, HasNoColours) {
  for (const auto& words : {std::vector<std::string>{"--help"}, {"learners", "--explain"}, {"runn"}}) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ((outcome.out + outcome.err).find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace oddshot::testing
