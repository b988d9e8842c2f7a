// From inside every callback, errback, canceller and coroutine: every operation on every Deferred,
// two and three operations in every order. Under AddressSanitizer this proves that nothing is used
// after its destruction, and that nothing leaks.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/acts.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/base/let_go.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/deferred/inline_callbacks.hpp"

using namespace twist;

namespace {

/// Deferreds that depend on one another in every possible way. When one of their functions is
/// called, a test applies its acts to all of them.
class World {
  public:
    using Act = std::function<void(World&)>;
    World(std::string place, std::vector<Act> acts)
        : place_(std::move(place)), acts_(std::move(acts)) {}

    void run();
    void here(std::string_view place);

    /// All known Deferreds; an act copies this, since it may reach another place meanwhile.
    std::vector<Deferred<int>> deferreds;
    std::vector<Deferred<int>> fresh; // made by the acts
    std::optional<Deferred<ResultList<int>>> list;
    int visits = 0, closures = 0, thrown = 0;

  private:
    void begin();
    void cancel(const Deferred<int>& deferred);

    std::string place_;
    std::vector<Act> acts_;
    Reports reports_;
};

void World::here(std::string_view place) {
    if (place != place_ || visits == 2)
        return;
    ++visits;
    for (const Act& act : acts_)
        act(*this);
}

/// Counts the closures that hold it; its destructor calls the world.
class Held {
  public:
    explicit Held(World& world) : world_(&world) { ++world_->closures; }
    Held(Held&& other) noexcept : world_(std::exchange(other.world_, nullptr)) {}
    Held(const Held& other) : world_(other.world_) { ++world_->closures; }
    Held& operator=(const Held&) = delete;
    ~Held() {
        if (world_ == nullptr)
            return;
        --world_->closures;
        world_->here("a closure's end");
    }
    World& world() const { return *world_; }

  private:
    World* world_;
};

auto callback(World& world, std::string place) {
    return [held = Held(world), place](int value) {
        held.world().here(place);
        return value;
    };
}

Deferred<int> coroutine(Held held, Deferred<int> awaited) {
    const Held local(held.world());
    const int value = co_await awaited;
    held.world().here("a coroutine");
    co_return value;
}

void World::begin() {
    const auto canceller = [this] {
        return [this, held = Held(*this)](auto&) { here("a canceller"); };
    };
    const Deferred<int> good, bad, cancelled(canceller()), inner(canceller()), outer, awaited;
    const Deferred<int> member, last, source, target;
    deferreds = {good, bad, cancelled, inner, outer, awaited, member, last};

    good.add_callback(callback(*this, "a callback"));
    bad.add_errback([held = Held(*this)](const Failure& reason) {
        held.world().here("an errback");
        reason.trap<CancelledError>();
        return 0;
    });
    cancelled.add_both([held = Held(*this)](Result<int> result) {
        held.world().here("both, after a cancel()");
        return result;
    });
    inner.add_callback(callback(*this, "a callback of what another waits for"));
    outer.add_callback([inner](int) { return inner; });
    outer.add_callback(callback(*this, "a callback of what has waited"));
    deferreds.push_back(coroutine(Held(*this), awaited));
    deferreds.back().add_callback(callback(*this, "a callback of a coroutine"));
    member.add_callback(callback(*this, "a callback of a member"));
    list = deferred_list<int>({member, last});
    list->add_callback([held = Held(*this)](ResultList<int> results) {
        held.world().here("a callback of a list");
        return results;
    });
    member.add_callback(callback(*this, "a callback of a member, behind the list"));
    target.add_callback(callback(*this, "a callback of what is fired by another"));
    source.chain_deferred(target);
    deferreds.insert(deferreds.end(), {source, target});
}

template <class F>
World::Act to_all(F f) {
    return [f](World& world) {
        for (const auto& deferred : std::vector(world.deferreds))
            unless_refused([&] { f(world, deferred); });
    };
}

/// How many Deferreds, from the first on, do not hold one another at the beginning.
constexpr std::size_t independent = 8;

const std::map<std::string, World::Act> acts{
    {"throw",
     [](World& world) {
         ++world.thrown;
         throw Boom();
     }},
    {"forget",
     [](World& world) {
         let_go(world.deferreds);
         let_go(world.fresh);
         let_go(world.list);
     }},
    {"fire", to_all([](World&, auto& deferred) { fire(deferred); })},
    {"fail", to_all([](World&, auto& deferred) {
         if (!deferred.called())
             deferred.errback(CancelledError());
     })},
    {"cancel", to_all([](World&, auto& deferred) { deferred.cancel(); })},
    {"cancel the list",
     [](World& world) {
         if (const auto list = world.list)
             list->cancel();
     }},
    {"pause", to_all([](World&, auto& deferred) { deferred.pause(); })},
    {"unpause", to_all([](World&, auto& deferred) { deferred.unpause(); })},
    {"add",
     to_all([](World& world, auto& deferred) { deferred.add_callback(callback(world, "added")); })},
    {"wait for one that has fired", to_all([](World&, auto& deferred) {
         deferred.add_callback([](int value) { return succeed(value); });
     })},
    {"wait for one that is new", to_all([](World& world, auto& deferred) {
         deferred.add_callback([&world](int) { return world.fresh.emplace_back(); });
     })},
    {"wait for another",
     [](World& world) {
         const auto all = world.deferreds;
         for (std::size_t i = 1; i < std::min(all.size(), independent); ++i)
             unless_refused(
                 [&] { all[i].add_callback([other = all[i - 1]](int) { return other; }); });
     }},
    {"chain to another",
     [](World& world) {
         const auto all = world.deferreds;
         for (std::size_t i = 1; i < std::min(all.size(), independent); ++i)
             unless_refused([&] { all[i].chain_deferred(all[i - 1]); });
     }},
    {"chain to itself", to_all([](World&, auto& deferred) { deferred.chain_deferred(deferred); })},
    {"await", to_all([](World& world, auto& deferred) { coroutine(Held(world), deferred); })},
    {"make a list",
     [](World& world) {
         unless_refused([&] { world.list = deferred_list(std::vector(world.deferreds)); });
     }},
};

const std::vector<std::string> places{
    "a callback",
    "an errback",
    "both, after a cancel()",
    "a canceller",
    "a callback of what another waits for",
    "a callback of what has waited",
    "a coroutine",
    "a callback of a coroutine",
    "a callback of a member",
    "a callback of a list",
    "a callback of a member, behind the list",
    "a callback of what is fired by another",
    "a closure's end",
};

// The canceller's exception propagates out of cancel().
void World::cancel(const Deferred<int>& deferred) {
    try {
        deferred.cancel();
    } catch (const Boom&) {
        --thrown;
    }
}

// Fires every Deferred that is still known, in order. A handle in `deferreds` may be destroyed or
// moved while its Deferred is fired.
void World::run() {
    begin();
    for (std::size_t i = 0; i < deferreds.size(); ++i) {
        if (i == 1 && !deferreds[i].called())
            deferreds[i].errback(CancelledError());
        else if (i == 2)
            cancel(deferreds[i]);
        else
            fire(deferreds[i]);
    }
    CHECK(visits > 0);

    // A cycle in which every Deferred waits would keep itself alive forever.
    const World::Act unpause = acts.at("unpause"), fire_all = acts.at("fire");
    for (int i = 0; i < 20; ++i)
        unpause(*this);
    fire_all(*this);
    for (std::size_t i = 0; i < fresh.size(); ++i)
        fire(fresh[i]);
    acts.at("forget")(*this);
    CHECK(closures == 0);

    CHECK(count_booms(reports_.take()) == thrown);
}

/// A destructor can't throw.
bool may_throw(const std::string& place) {
    return place != "a closure's end";
}

} // namespace

TEST_CASE("in every place, every act may be done, and then any other") {
    for (const std::string& place : places)
        for (const auto& [first, act] : acts)
            for (const auto& [then, act_then] : acts)
                if (first != "throw" && (then != "throw" || may_throw(place))) {
                    CAPTURE(place);
                    CAPTURE(first);
                    CAPTURE(then);
                    World(place, {act, act_then}).run();
                }
}

TEST_CASE("the same with a third act") {
    unsigned number = 0;
    for (const std::string& place : places)
        for (const auto& [first, act] : acts)
            for (const auto& [then, act_then] : acts)
                for (const auto& [last, act_last] : acts)
                    if (first != "throw" && then != "throw" &&
                        (last != "throw" || may_throw(place)) && ++number % one_in(40) == 0) {
                        CAPTURE(place);
                        CAPTURE(first);
                        CAPTURE(then);
                        CAPTURE(last);
                        World(place, {act, act_then, act_last}).run();
                    }
}

TEST_CASE("108: an exception from a coroutine that was cancelled inside its body is reported") {
    Reports reports;
    const Deferred<int> awaited;
    std::optional<Deferred<int>> self;
    const auto body = [](Deferred<int> wait, std::optional<Deferred<int>>& own) -> Deferred<int> {
        co_await wait;
        own->cancel();
        throw Boom();
    };
    self = body(awaited, self).add_errback([](const Failure& reason) {
        reason.trap<CancelledError>();
        return 0;
    });
    awaited.callback(1);
    CHECK(reports.take() == "Unhandled error in Deferred: [Failure: Boom: boom]");
}

TEST_CASE("50: a Deferred can't be chained to itself") {
    const Deferred<int> deferred;
    CHECK_THROWS_WITH_AS(deferred.chain_deferred(deferred), "A Deferred can't wait for itself.",
                         Exception);
    int got = 0;
    deferred.add_callback([&](int value) { got = value; });
    deferred.callback(1);
    CHECK(got == 1);
}
