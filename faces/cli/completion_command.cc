// oddshot completion SHELL: what a shell needs to complete our words; and the manual page, made of the same options.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands.h"
#include "oddshot/model_io/shipped_models.h"
#include "options.h"

namespace oddshot::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The words that an option takes, where they are few.
std::string choices_of(std::string_view command, std::string_view option) {
  constexpr const char* kFormats = "csv tsv jsonl parquet arrow";
  if (option == "format") return command == "export" ? "onnx" : kFormats;
  constexpr std::pair<std::string_view, std::string_view> kChoices[] = {{"calibration", "auto held-back cross-fitted none"},
                                                                        {"output-format", kFormats},
                                                                        {"reasons", "alerts all none"},
                                                                        {"space", "scores raw both table"},
                                                                        {"optimizer", "adam sgd"},
                                                                        {"metric", "euclidean cosine diagonal"},
                                                                        {"contrast", "linear squared"},
                                                                        {"mining", "all random semi-hard"},
                                                                        {"activation", "relu tanh gelu"}};
  for (const auto& [name, words] : kChoices) {
    if (name == option) return std::string(words);
  }
  return option == "model" ? fmt::format("{}", fmt::join(shipped_models(), " ")) : "";
}

struct Word {
  std::string text;  // "--shots"
  std::string help;
  bool takes_value = false;
  std::string choices;      // for its value, separated by blanks
  bool takes_file = false;  // or else, or besides, any file
};

std::vector<Word> options_of(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::Option* option : app.get_options()) {
    Word word;
    word.help = option->get_description();
    word.takes_value = option->get_items_expected_max() > 0;
    if (!option->get_lnames().empty()) word.choices = choices_of(app.get_name(), option->get_lnames().front());
    const bool named_file = word.choices.empty() || option->get_lnames().front() == "model";
    word.takes_file = word.takes_value && option->get_type_name() == "TEXT" && named_file;
    for (const std::string& name : option->get_snames()) {
      words.push_back(word);
      words.back().text = "-" + name;
    }
    for (const std::string& name : option->get_lnames()) {
      words.push_back(word);
      words.back().text = "--" + name;
    }
  }
  return words;
}

std::string texts_of(const std::vector<Word>& words) {
  std::vector<std::string> texts;
  for (const Word& word : words) texts.push_back(word.text);
  return fmt::format("{}", fmt::join(texts, " "));
}

std::string names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return fmt::format("{}", fmt::join(names, " "));
}

// In single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string for_bash(const CLI::App& app) {
  std::string cases, values;
  for (const CLI::App* command : commands_of(app)) {
    for (const Word& word : options_of(*command)) {
      if (!word.takes_value || (word.takes_file && word.choices.empty())) continue;
      values += fmt::format("    {}:{}) COMPREPLY=($(compgen {}-W \"{}\" -- \"$word\")); return ;;\n", command->get_name(), word.text,
                            word.takes_file ? "-f " : "", word.choices);
    }
    cases += fmt::format("    {}) words=\"{}{}\" ;;\n", command->get_name(), texts_of(options_of(*command)),
                         commands_of(*command).empty() ? "" : " " + names_of(*command));
  }
  return fmt::format(
      "_oddshot() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"{} {}\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  if [ \"$word\" = = ]; then word=; elif [ \"$before\" = = ]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi\n"
      "  case ${{COMP_WORDS[1]}}:$before in\n"
      "{}"
      "  esac\n"
      "  case ${{COMP_WORDS[1]}} in\n"
      "{}"
      "    *) return ;;\n"
      "  esac\n"
      "  case $word in\n"
      "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
      "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
      "  esac\n"
      "}}\n"
      "complete -o filenames -F _oddshot oddshot\n",
      names_of(app), texts_of(options_of(app)), values, cases);
}

// A text within the brackets of zsh's _arguments.
std::string for_brackets(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string for_zsh(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* command : commands_of(app)) {
    commands += fmt::format("    {}\n", quoted(command->get_name() + ":" + command->get_description()));
    cases += fmt::format("    {}) _arguments", command->get_name());
    for (const Word& word : options_of(*command)) {
      std::string value = word.takes_value ? ":value:" : "";
      if (word.takes_file) {
        value += "_files";
      } else if (!word.choices.empty()) {
        value += "(" + word.choices + ")";
      }
      cases += " " + quoted(fmt::format("{}[{}]{}", word.text, for_brackets(word.help), value));
    }
    cases += " '*:file:_files' ;;\n";
  }
  return fmt::format(
      "#compdef oddshot\n"
      "_oddshot() {{\n"
      "  local -a commands\n"
      "  commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $command in\n{}"
      "  esac\n"
      "}}\n"
      "compdef _oddshot oddshot\n",
      commands, cases);
}

std::string for_fish(const CLI::App& app) {
  std::string out;
  for (const CLI::App* command : commands_of(app)) {
    out += fmt::format("complete -c oddshot -n __fish_use_subcommand -f -a {} -d {}\n", command->get_name(),
                       quoted(command->get_description()));
    for (const Word& word : options_of(*command)) {
      const bool is_long = word.text.starts_with("--");
      std::string value = !word.takes_value ? "" : word.takes_file ? " -r" : " -x";
      if (!word.choices.empty()) value += " -a " + quoted(word.choices);
      out += fmt::format("complete -c oddshot -n '__fish_seen_subcommand_from {}' -{} {} -d {}{}\n", command->get_name(),
                         is_long ? 'l' : 's', word.text.substr(is_long ? 2 : 1), quoted(word.help), value);
    }
  }
  return out;
}

// A text for troff: hyphens that are to be typed, no line that starts with a dot.
std::string for_troff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    if (c == '\n') out += "\\&";
  }
  return out;
}

std::string manual(const CLI::App& app) {
  std::string out = fmt::format(".TH ODDSHOT 1\n.SH NAME\noddshot \\- {}\n.SH SYNOPSIS\n.B oddshot\n.I SUBCOMMAND\n[options]\n",
                                for_troff("few-shot anomaly detection by meta-learning"));
  out += fmt::format(".SH DESCRIPTION\n{}\n", for_troff(app.get_description()));
  for (const CLI::App* command : commands_of(app)) {
    out += fmt::format(".SH oddshot {}\n{}.\n", for_troff(command->get_name()), for_troff(command->get_description()));
    std::vector<const CLI::App*> parts = commands_of(*command);
    parts.insert(parts.begin(), command);
    for (const CLI::App* part : parts) {
      if (part != command)
        out += fmt::format(".PP\n.B oddshot {} {}\n{}.\n", command->get_name(), part->get_name(), for_troff(part->get_description()));
      for (const CLI::Option* option : part->get_options()) {
        out += fmt::format(".TP\n.B {}\n{}\n", for_troff(option->get_name(false, true)), for_troff(option->get_description()));
      }
    }
    if (!command->get_footer().empty()) out += fmt::format(".PP\n.nf\n\\&{}\n.fi\n", for_troff(command->get_footer()));
  }
  out +=
      ".SH SETTINGS\nAn option given on the command line stands before the environment, which stands before the file of\n.BR \\-\\-config "
      ";\n"
      "what none of them says has the default. The environment names an option as\n.BR ODDSHOT_MAX_FALSE_ALARMS .\n"
      ".SH EXIT STATUS\n0 done, 1 wrong input, 2 wrong usage, 130 interrupted.\n";
  return out;
}

}  // namespace

Command add_completion(CLI::App& parent) {
  auto shell = std::make_shared<std::string>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("completion", "print what bash, zsh or fish completes by, or the manual page");
  command->add_option("SHELL", *shell, "bash, zsh, fish or man")->required();
  command->footer("Example:  source <(oddshot completion bash)");
  return [shell, &parent] {
    const std::pair<const char*, std::string (*)(const CLI::App&)> kinds[] = {
        {"bash", for_bash}, {"zsh", for_zsh}, {"fish", for_fish}, {"man", manual}};
    for (const auto& [name, make] : kinds) {
      if (*shell != name) continue;
      fmt::print("{}", make(parent));
      return kDone;
    }
    throw UsageError(fmt::format("completion {}: there are bash, zsh, fish and man", *shell));
  };
}

}  // namespace oddshot::cli
