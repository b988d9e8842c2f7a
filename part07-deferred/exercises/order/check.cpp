// In which order? The check runs the program.
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"

using namespace check;

void run(const std::function<void(const std::string& line)>& say);
std::vector<std::string> order();

CHECK(Text{"your order, against what run() says", "你的顺序与 run() 说出的相比"}) {
    std::vector<std::string> truth;
    act({"run the program", "运行程序"});
    ::run([&](const std::string& line) { truth.push_back(line); });
    const std::vector<std::string> predicted = order();
    for (std::size_t i = 0; i < truth.size() && i < predicted.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        if (predicted[i] != truth[i])
            fail({"Line " + number + " is wrong.", "第 " + number + " 行不是这个。"},
                 show(predicted[i]), show(truth[i]));
    }
    expect_equal({"the number of lines", "行数"}, predicted.size(), truth.size());
}
