// Many Deferreds as one: deferred_list, first_success, gather_results.
// Stands for twisted.internet.defer.DeferredList and gatherResults.
#pragma once

#include <cstddef>
#include <iomanip>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "twist/base/error.hpp"
#include "twist/base/log.hpp"
#include "twist/base/result.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist {

/// The results of a list's members, in the order of the members.
template <class T>
using ResultList = std::vector<Result<T>>;

/// The value that came first, and the index of the member that had it.
template <class T>
struct FirstSuccess {
    typename Result<T>::Value value;
    std::size_t index;
};
template <class T>
using FirstSuccessOrAll = std::variant<FirstSuccess<T>, ResultList<T>>;

/// Why a list with `fire_on_one_errback` failed: the first failure of a member, and that member's
/// index.
struct FirstError : Exception {
    FirstError(Failure failure, std::size_t member)
        : Exception("#" + std::to_string(member) + ": " + failure.text()),
          sub_failure(std::move(failure)), index(member) {}
    Failure sub_failure;
    std::size_t index;
};

struct ListFlags {
    bool fire_on_one_errback = false; ///< the first failure of a member fails the list: FirstError
    bool consume_errors = false;      ///< the list keeps the results: the members' ends are spent
};

namespace detail {

/// What the members of a list share. It is owned by the steps at the members' ends and by the
/// list's canceller. It does not own the members; it observes them, in order to cancel them.
/// `Results` is what the list fires with: ResultList<T> or FirstSuccessOrAll<T>.
template <class T, class Results>
class ListState {
  public:
    static constexpr bool fire_on_one_callback = !std::is_same_v<Results, ResultList<T>>;
    using List = Deferred<Results>;

    ListState(const std::vector<Deferred<T>>& members, ListFlags flags)
        : missing_(members.size()), flags_(flags) {
        members_.reserve(members.size());
        for (Deferred<T> member : members)
            members_.push_back({std::move(member).take_chain()->observe(), std::nullopt});
    }

    void receive(const List& list, std::size_t index, Result<T> result) {
        if (list.called())
            return;
        if constexpr (fire_on_one_callback)
            if (result)
                return list.callback(FirstSuccess<T>{std::move(result).value(), index});
        if (!result && flags_.fire_on_one_errback)
            return list.errback(FirstError(result.failure(), index));
        members_[index].result = std::move(result);
        if (--missing_ == 0)
            finish(list);
    }

    void finish(const List& list) {
        ResultList<T> results;
        results.reserve(members_.size());
        for (Member& member : members_)
            results.push_back(*std::exchange(member.result, std::nullopt));
        list.callback(std::move(results));
    }

    // Cancels all members: one that has passed its result on may wait for another Deferred by now.
    // Like a Deferred with a canceller, the list has its result when cancel() returns. So a member
    // that has none by then, because it did not let itself be cancelled, counts as cancelled (92).
    void cancel(const List& list) {
        for (const Member& member : members_)
            if (const auto chain = member.chain.lock())
                log::run_reporting([&] { (*chain)->cancel(); });
        for (std::size_t i = 0; i < members_.size() && !list.called(); ++i)
            if (!members_[i].result)
                receive(list, i, Failure(CancelledError()));
    }

  private:
    struct Member {
        std::weak_ptr<Chain*> chain;
        std::optional<Result<T>> result;
    };
    std::vector<Member> members_;
    std::size_t missing_;
    ListFlags flags_;
};

template <class Results, class T>
Deferred<Results> make_list(const std::vector<Deferred<T>>& members, ListFlags flags) {
    using State = ListState<T, Results>;
    auto state = std::make_shared<State>(members, flags);
    Deferred<Results> list([state](Deferred<Results>& self) { state->cancel(self); });
    if (members.empty() && !State::fire_on_one_callback)
        state->finish(list);
    for (std::size_t i = 0; i < members.size(); ++i) {
        if constexpr (std::is_copy_constructible_v<Result<T>>) {
            if (!flags.consume_errors) {
                members[i].add_both([state, list, i](Result<T> result) {
                    state->receive(list, i, result);
                    return result;
                });
                continue;
            }
        }
        members[i].add_both(
            [state, list, i](Result<T> result) { state->receive(list, i, std::move(result)); });
    }
    return list;
}

} // namespace detail

/// A Deferred that fires when all `members` have fired, with their results, values and failures, in
/// the order of `members`. A member passes its result on, unless T can't be copied, or with
/// `consume_errors`: then its end is spent (that of a Deferred<void> is a success). Cancelling the
/// list cancels every member. (DeferredList)
template <class T>
Deferred<ResultList<T>> deferred_list(const std::vector<Deferred<T>>& members,
                                      ListFlags flags = {}) {
    return detail::make_list<ResultList<T>>(members, flags);
}

/// Fires with the first value of a member, or with the list of failures if all fail. With no
/// members it never fires. (DeferredList with fireOnOneCallback)
template <class T>
Deferred<FirstSuccessOrAll<T>> first_success(const std::vector<Deferred<T>>& members,
                                             ListFlags flags = {}) {
    return detail::make_list<FirstSuccessOrAll<T>>(members, flags);
}

/// Fires with the members' values (nothing, if T is void), or fails with a FirstError at the first
/// failure. With `consume_errors` the member does not report that failure, too. The other members
/// are not cancelled. (gatherResults)
template <class T>
auto gather_results(const std::vector<Deferred<T>>& members, bool consume_errors = false) {
    const ListFlags flags{.fire_on_one_errback = true, .consume_errors = consume_errors};
    return deferred_list(members, flags).add_callback([](ResultList<T> results) {
        if constexpr (!std::is_void_v<T>) {
            std::vector<T> values;
            values.reserve(results.size());
            for (Result<T>& result : results)
                values.push_back(std::move(result).value());
            return values;
        }
    });
}

/// "[(True, 'd1 result'), (False, [Failure: Exception: d2 failure])]": like a list in Python,
/// except for the failure.
template <class T>
std::ostream& operator<<(std::ostream& out, const ResultList<T>& results) {
    const char* separator = "";
    out << '[';
    for (const Result<T>& result : results) {
        out << std::exchange(separator, ", ") << (result ? "(True, " : "(False, ");
        if (!result)
            out << result.failure();
        else if constexpr (std::is_void_v<T>)
            out << "None";
        else if constexpr (std::is_convertible_v<T, std::string>)
            out << std::quoted(std::string(result.value()), '\'');
        else
            out << result.value();
        out << ')';
    }
    return out << ']';
}

} // namespace twist
