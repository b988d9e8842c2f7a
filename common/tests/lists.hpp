// For tests of lists of Deferreds: their results as text.
#pragma once

#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "twist/deferred/deferred_list.hpp"

namespace twist {

using Ints = std::vector<Deferred<int>>;

template <class T>
std::string text(const ResultList<T>& results) {
    std::ostringstream out;
    out << results;
    return out.str();
}

template <class T>
std::string text(const FirstSuccessOrAll<T>& result) {
    if (const auto* first = std::get_if<FirstSuccess<T>>(&result))
        return std::to_string(first->value) + " from #" + std::to_string(first->index);
    return text(std::get<ResultList<T>>(result));
}

inline std::string text(const std::vector<int>& values) {
    std::string all;
    for (const int value : values)
        all += std::to_string(value) + " ";
    return all;
}

/// Appends the list's result to `seen`, once.
template <class T>
void note_result(const Deferred<T>& list, std::string& seen) {
    list.add_both([&seen](const Result<T>& result) {
        seen += result ? text(result.value()) : result.failure().text();
    });
}

} // namespace twist
