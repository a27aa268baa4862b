// Settings from the environment: ODDSHOT_MAX_FALSE_ALARMS is --max-false-alarms. An option on the command line stands before it, and it
// before the file of --config.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace oddshot::cli {

// The words of a command line, without the program's name, and behind the subcommand those options of it that only the environment has. Of
// a flag 1 or true sets it, 0, false or nothing does not. Where help or the version is asked for, or no subcommand, the words as they are.
// Throws UsageError for a value that cannot be, and for a variable that is nearly the name of an option of the subcommand.
std::vector<std::string> with_environment(const CLI::App& app, std::vector<std::string> words);

// The words, with its default given to an option whose number may be left out and is: the parser would take the next word for it, were that
// a file.
std::vector<std::string> with_left_out_values(const CLI::App& app, std::vector<std::string> words);

}  // namespace oddshot::cli
