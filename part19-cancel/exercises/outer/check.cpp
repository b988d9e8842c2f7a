// Cancelling the outer one: compares the answer with what really happens.
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

std::vector<std::string> lines();

namespace {

// As in the starter.
void play(std::ostream& out) {
    const twist::Deferred<std::string> outer(
        [&out](twist::Deferred<std::string>&) { out << "outer canceller\n"; });
    const twist::Deferred<std::string> inner(
        [&out](twist::Deferred<std::string>&) { out << "inner canceller\n"; });

    const auto inner_end = inner.add_errback([&out](const twist::Failure& failure) {
        out << "inner errback: " << twist::type_name(failure.type()) << '\n';
        return std::string("an old poem");
    });
    outer
        .add_callback([&out, inner_end](const std::string& server) {
            out << "outer callback 1: " << server << '\n';
            return inner_end;
        })
        .add_callbacks(
            [&out](const std::string& poem) { out << "outer callback 2: " << poem << '\n'; },
            [&out](const twist::Failure& failure) {
                out << "outer errback: " << twist::type_name(failure.type()) << '\n';
            });

    outer.callback("a server");
    out << "outer is cancelled\n";
    outer.cancel();
    out << "inner is fired\n";
    try {
        inner.callback("a new poem");
        out << "nothing thrown\n";
    } catch (const twist::AlreadyCalledError&) {
        out << "AlreadyCalledError\n";
    }
    out << "done\n";
}

std::vector<std::string> played() {
    std::stringstream printed;
    play(printed);
    std::vector<std::string> all;
    for (std::string line; std::getline(printed, line);)
        all.push_back(line);
    return all;
}

} // namespace

CHECK(Text{"line by line", "逐行比较"}) {
    const std::vector<std::string> said = lines(), truth = played();
    const std::string nothing = "(no more lines)";
    for (std::size_t i = 0; i < std::max(said.size(), truth.size()); ++i) {
        const std::string number = std::to_string(i + 1);
        act({"line " + number, "第 " + number + " 行"});
        // It does not print the right line: learners find it themselves.
        if ((i < said.size() ? said[i] : nothing) != (i < truth.size() ? truth[i] : nothing))
            fail({"line " + number + " is not what it should be", "第 " + number + " 行不对"},
                 i < said.size() ? said[i] : nothing);
    }
}
